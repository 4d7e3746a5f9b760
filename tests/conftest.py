"""Settings for all tests, the option `--fast`, which leaves out slow tests, and `--measure`, which finds them.

A test function is slow if it takes longer than LIMIT_S, all its parameters together. The list slow_tests.txt names slow
functions, and files of which every function is slow. A renamed test runs until it is measured again.
"""

from __future__ import annotations

import signal
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

# Hypothesis mixes constants from imported local modules into its examples, so even a derandomized test would get other
# examples whenever another module was imported before it. Without them its examples depend on the test alone.
providers._get_local_constants = lambda: providers._local_constants
# The same examples in every run, and no limit of time, which a busy machine would not keep.
settings.register_profile("segue", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("segue")

HEAVY_FILE: Final = "\npytestmark = pytest.mark.heavy\n"
LIMIT_S: Final = 0.1
SLOW_TESTS: Final = Path(__file__).with_name("slow_tests.txt")
ROOT: Final = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help=f"leave out the tests of {SLOW_TESTS.name}")
    parser.addoption("--measure", action="store_true", help=f"write {SLOW_TESTS.name} from the tests that run")


def pytest_configure(config: pytest.Config) -> None:
    # A shell starts background jobs with Ctrl-C ignored, nohup its jobs with SIGHUP, and so would be all processes that
    # tests start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # Workers of pytest-xdist report to the process that started them, which alone writes the list.
    if config.getoption("measure") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Measurement())


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Files of which no test would run are not even imported: of slow tests alone, or of heavy ones."""
    if collection_path.suffix != ".py":
        return None
    if config.getoption("fast") and collection_path.relative_to(ROOT).as_posix() in slow_tests():
        return True
    if config.getoption("markexpr") == "not heavy" and HEAVY_FILE in collection_path.read_text("utf-8"):
        return True
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("fast"):
        config.hook.pytest_deselected(items=[item for item in items if function(item.nodeid) in slow_tests()])
        items[:] = [item for item in items if function(item.nodeid) not in slow_tests()]


class Measurement:
    """Adds up how long each test function takes, and writes the list of slow ones."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[function(report.nodeid)] += report.duration

    def pytest_sessionfinish(self) -> None:
        slow = {name for name, seconds in self._seconds.items() if seconds > LIMIT_S}
        quick_files = {file_of(name) for name in self._seconds.keys() - slow}
        lines = {name if file_of(name) in quick_files else file_of(name) for name in slow}
        SLOW_TESTS.write_text("".join(f"{line}\n" for line in sorted(lines)), encoding="utf-8")


@cache
def slow_tests() -> frozenset[str]:
    """The names in slow_tests.txt."""
    return frozenset(SLOW_TESTS.read_text("utf-8").splitlines())


def function(nodeid: str) -> str:
    """The name of a test without its parameters."""
    return nodeid.split("[")[0]


def file_of(nodeid: str) -> str:
    return nodeid.split("::")[0]
