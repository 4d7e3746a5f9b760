"""Runs scripts of this folder in Node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
_TIMEOUT_S: Final = 240.0


def run(script: str, cases: object, folder: Path) -> Any:
    """Run a script that reads cases and writes results, both JSON.

    Args:
        script: Its name in this folder.
        cases: What it reads.
        folder: For both files.
    Returns:
        What it wrote.
    """
    asked, answered = folder / "cases.json", folder / "results.json"
    asked.write_text(json.dumps(cases), "utf-8")
    subprocess.run(["node", HERE / script, asked, answered], check=True, timeout=_TIMEOUT_S)
    return json.loads(answered.read_text("utf-8"))
