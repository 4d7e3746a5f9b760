"""A headless Chromium that opens reports from disk, collects their errors and requests, and takes screenshots."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

TIMEOUT_S: Final = 180.0
_POLL_S: Final = 0.05
_SWITCHES: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--mute-audio",
)


class Browser:
    """Shows one page at a time. A wait that takes longer than TIMEOUT_S fails the test."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, page: Path, *, dark: bool = False, width: int = 1440, height: int = 900) -> None:
        """Load a report and wait until its plots are drawn."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.size(width, height)
        self.driver.get(page.as_uri())
        self.wait(lambda: self.run("return document.documentElement.dataset.ready") == "yes", "the page to be ready")
        self.settle()

    def size(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait(self, done: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + TIMEOUT_S
        while not done():
            assert time.monotonic() < end, f"waited {TIMEOUT_S:.0f} s for {what}"
            time.sleep(_POLL_S)

    def settle(self) -> None:
        """Wait two animation frames, so that all changes are painted."""
        self.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")

    def console_messages(self) -> list[str]:
        """Return the warnings and errors on the console since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")]

    def requests(self) -> list[str]:
        """Return the addresses requested since the last call, without data, blobs and the browser's start page."""
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                address = message["params"]["request"]["url"]
                if not address.startswith(("data:", "blob:", "chrome:")):
                    found.append(address)
        return found

    def screenshot(self, path: Path, *, whole: bool = False, width: int = 1440, height: int = 900) -> None:
        if whole:
            self.size(width, self.run("return document.documentElement.scrollHeight"))
            self.settle()
        path.parent.mkdir(parents=True, exist_ok=True)
        assert self.driver.save_screenshot(str(path))
        self.size(width, height)

    def print_to(self, path: Path) -> int:
        """Print the page to a PDF, and to pictures if pdftoppm is installed. Returns: the number of sheets."""
        options = {"preferCSSPageSize": True, "printBackground": True}
        pdf = base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", options)["data"])
        path.write_bytes(pdf)
        if shutil.which("pdftoppm"):
            subprocess.run(["pdftoppm", "-r", "80", "-png", str(path), str(path.with_suffix(""))], check=True)
        return pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium with a new profile. Fails with what to install if it is missing."""
    binary, service = shutil.which("chromium"), shutil.which("chromedriver")
    missing = "expected chromium and chromedriver; on Debian: apt-get install chromium chromium-driver"
    assert binary is not None, missing
    assert service is not None, missing
    with TemporaryDirectory(prefix="segue-page-") as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = binary
        for switch in (*_SWITCHES, f"--user-data-dir={profile}"):
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(service))
        try:
            yield Browser(driver)
        finally:
            driver.quit()
