"""`segue studio` in a process of its own, and its page in a browser."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from page.browser import Browser

_PATIENCE_S: Final = 300.0
_POLL_S: Final = 0.1


@contextmanager
def studio(rules: Path, *flags: str) -> Iterator[str]:
    """Run a studio. Yields: the address of its page."""
    command = [sys.executable, "-m", "segue", "studio", str(rules), "--no-browser", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("studio on http://127.0.0.1:"), line
            yield line.split()[-1]
        finally:
            process.terminate()
            process.communicate()


class Page:
    """The page of a studio."""

    def __init__(self, browser: Browser, address: str, *, dark: bool = False) -> None:
        self.browser = browser
        self.dark(dark)
        browser.size(1280, 800)
        browser.driver.get(address)
        self.until("document.querySelector('.cm-content')?.textContent.length > 100")
        self.until("document.querySelector('p.problems')?.textContent !== 'checking …'")

    def dark(self, is_dark: bool) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.run(script, *arguments)

    def until(self, condition: str, *arguments: Any) -> None:
        """Wait until an expression of the page is true; rendering takes long on a machine that others use, too."""
        end = time.monotonic() + _PATIENCE_S
        while not self.run(f"return Boolean({condition})", *arguments):
            assert time.monotonic() < end, f"waited {_PATIENCE_S:.0f} s for {condition}"
            time.sleep(_POLL_S)

    def find(self, selector: str) -> WebElement:
        return self.browser.driver.find_element(By.CSS_SELECTOR, selector)

    def button(self, text: str, within: str = "body") -> WebElement:
        """The button with a text."""
        found = self.browser.driver.find_elements(By.CSS_SELECTOR, f"{within} button")
        return next(each for each in found if each.text.strip() == text)

    def play(self) -> None:
        """Press play, and wait until music is heard."""
        self.find(".play").click()
        self.until("!document.querySelector('.now dd').textContent.startsWith('0:00')")

    def turn(self, name: str, value: object) -> None:
        """Set an input by its slider or list."""
        script = """
        const input = document.getElementById(`input-${arguments[0]}`);
        input.value = arguments[1];
        input.dispatchEvent(new Event(input.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
        """
        self.run(script, name, value)

    def write(self, text: str) -> None:
        """Replace the text in the editor by pasting."""
        script = """
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", arguments[0]);
        const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
        document.querySelector(".cm-content").dispatchEvent(paste);
        """
        content = self.find(".cm-content")
        content.click()
        content.send_keys(Keys.CONTROL, "a")
        self.run(script, text)

    def happened(self) -> list[str]:
        """The changes of state that are told, the latest first."""
        return list(self.run("return [...document.querySelectorAll('.log .happened')].map((e) => e.innerText)"))

    def picture(self, name: str) -> None:
        """Take a screenshot in light and in dark."""
        for is_dark in (False, True):
            self.dark(is_dark)
            self.browser.settle()
            path = Path("out/studio") / f"{name}-{'dark' if is_dark else 'light'}.png"
            self.browser.screenshot(path, width=1280, height=800)
        self.dark(False)
