"""Figures of the browser client in Chromium: `tests/web/measure`."""

from __future__ import annotations

import statistics
import time
from typing import Final

from page.browser import chromium
from web.playing import service, web_server
from web.test_browser import Page

SECONDS: Final = 60
EVENT_PAUSE_S: Final = 0.8
JANKS_MS: Final = (0, 300)


def measure(jank_ms: int) -> None:
    """Print the figures of a minute on a page that works so long in each second."""
    with web_server() as pages, service() as served, chromium() as browser:
        page = Page(browser, pages, served.url)
        page.start()
        page.until("page.music.position.have - page.music.position.committed > 96000")
        if jank_ms:
            page.run(f"page.jank({jank_ms})")
        before = page.position()["committed"]
        while page.position()["committed"] < before + SECONDS * 48_000:
            page.fire("ping")
            time.sleep(EVENT_PAUSE_S)
        fired = {event["seq"]: event["at"] for event in page.run("return page.fired")}
        heard = {change["seq"]: change["audible"] for change in page.run("return page.heard")}
        delays_ms = sorted((heard[seq] - at) / 48 for seq, at in fired.items() if seq in heard)
        position, counts = page.position(), page.run("return page.music.counts")
        played_s = (position["committed"] - before) / 48_000
        figures = [
            f"{jank_ms} ms of work in each second: {played_s:.0f} s played, {counts['silent']} silent blocks",
            f"{position['underruns']} underruns, {position['late']} chunks late",
            f"event to sound p50 {statistics.median(delays_ms):.0f} ms",
            f"p95 {delays_ms[int(0.95 * len(delays_ms))]:.0f} ms of {len(delays_ms)} events",
        ]
        print(", ".join(figures))


if __name__ == "__main__":
    for jank in JANKS_MS:
        measure(jank)
