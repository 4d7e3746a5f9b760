"""Runs the probes of this folder on CoreCLR and on Mono."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

from unity.build import command, environment

_TIMEOUT_S: Final = 300.0


def run(runtime: str, probe: str, cases: object, folder: Path) -> Any:
    """Run a probe that reads cases and writes results, both JSON.

    Args:
        runtime: One of `build.RUNTIMES`.
        probe: Its name.
        cases: What it reads.
        folder: For both files.
    Returns:
        What it wrote.
    """
    asked, answered = folder / f"{probe}.cases.json", folder / f"{probe}.results.json"
    answered.unlink(missing_ok=True)
    asked.write_text(json.dumps(cases))
    done = subprocess.run(
        command(runtime, probe, str(asked), str(answered)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_TIMEOUT_S,
        env=environment(runtime),
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert answered.exists(), done.stdout
    return json.loads(answered.read_text())
