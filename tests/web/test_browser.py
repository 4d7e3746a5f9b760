"""The browser client in a real Chromium against a real service: it plays, comes back, and gets nothing uninvited."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from selenium.webdriver.common.by import By

from page.browser import Browser, chromium
from web.playing import service, web_server

pytestmark = pytest.mark.heavy

RATE: Final = 48_000
JANK_MS: Final = 300
EVENTS: Final = 20
# A trigger's state has ended.
ENDED: Final = "({ type, change }) => type === 'change_heard' && change.to_state === 'silent'"
DEEP: Final = ("--lookahead", "12s")
TOKEN: Final = "ash-and-ember-and-oak"


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    with web_server() as address:
        yield address


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


class Page:
    """tests/web/page.html in a browser."""

    def __init__(self, browser: Browser, pages: str, url: str, **query: Any) -> None:
        self.browser = browser
        self.before = 0
        browser.driver.get(f"{pages}/tests/web/page.html?{urlencode({'url': url, **query})}")

    def run(self, script: str) -> Any:
        return self.browser.run(script)

    def until(self, condition: str) -> None:
        """Wait until an expression of the page is true."""
        self.browser.wait(lambda: self.run(f"return Boolean({condition})"), condition)

    def start(self) -> None:
        """Click, as a player would, and wait for music."""
        self.browser.driver.find_element(By.ID, "start").click()
        self.until("document.documentElement.dataset.started")
        self.until("page.music.position.committed > 0")

    def told(self, kind: str) -> list[dict[str, Any]]:
        script = f"return page.told.filter(({{ type }}) => type === '{kind}').map((event) => JSON.stringify(event))"
        return [json.loads(text) for text in self.run(script)]

    def fire(self, name: str) -> int:
        return int(self.run(f"return page.fire('{name}')"))

    def fill(self, seconds: int = 10) -> None:
        """Wait for so much music ahead that no machine is too slow for it; `gaps` counts from here."""
        self.until(f"page.music.position.have - page.music.position.committed > {seconds * RATE}")
        self.before = self.counts()

    def gaps(self) -> int:
        """The silent blocks and the underruns since `fill`."""
        return self.counts() - self.before

    def counts(self) -> int:
        return int(self.run("return page.music.counts.silent + page.music.position.underruns"))

    def position(self) -> dict[str, Any]:
        position: dict[str, Any] = self.run("return page.music.position")
        return position


def test_music_plays_without_a_gap_on_a_page_that_is_busy(browser: Browser, pages: str) -> None:
    with service(options=DEEP) as served:
        page = Page(browser, pages, served.url)
        page.start()
        page.fill()
        looks = int(page.run("return page.loudest.length"))
        page.until("page.music.upcomingBeats().length > 0")
        page.run(f"page.jank({JANK_MS})")
        numbers = []
        for count in range(1, EVENTS + 1):
            numbers.append(page.fire("ping"))
            # A trigger that comes while the state lasts makes no change.
            page.until(f"page.heard.length >= {count}")
            page.until(f"page.told.filter({ENDED}).length >= {count}")
        page.until(f"page.told.filter(({{ type }}) => type === 'beat_heard').length > {EVENTS // 2}")
        page.until(f"page.told.filter(({{ type }}) => type === 'receipt').length >= {EVENTS}")
        position, counts = page.position(), page.run("return page.music.counts")
        fired, heard = page.run("return page.fired"), page.run("return page.heard")
        assert page.gaps() == 0
        assert min(page.run(f"return page.loudest.slice({looks} + 2)")) > 0
        assert max(page.run("return page.loudest")) > 0.01
        # Each event has one receipt, and is heard once, in order.
        assert [receipt["seq"] for receipt in page.told("receipt")] == numbers
        assert all(receipt["accepted"] for receipt in page.told("receipt"))
        assert [change["seq"] for change in heard] == numbers
        beats = [beat["at"] for beat in page.told("beat_heard")]
        assert len(beats) > EVENTS / 2
        assert beats == sorted(set(beats))
        delays_ms = [(late["audible"] - early["at"]) / 48 for early, late in zip(fired, heard, strict=True)]
        told_ms = [(late["told"] - early["at"]) / 48 for early, late in zip(fired, heard, strict=True)]
        played_s = position["committed"] / RATE
        print(f"\nevent to sound, ms of the playhead: p50 {statistics.median(delays_ms):.0f}, max {max(delays_ms):.0f}")
        print(f"event to change_heard: p50 {statistics.median(told_ms):.0f}, most {max(told_ms):.0f}")
        print(f"played {played_s:.1f} s, {counts}, {position}")
        assert not browser.console_messages()


def test_the_music_goes_on_over_a_restart_of_the_service(browser: Browser, pages: str) -> None:
    with service(options=["--lookahead", "20s"]) as served:
        page = Page(browser, pages, served.url)
        page.start()
        page.fill(18)
        first = page.fire("ping")
        page.until("page.told.some(({ type }) => type === 'receipt')")
        served.kill()
        page.until("page.music.state === 'offline'")
        second = page.fire("ping")
        served.start()
        page.until("page.music.state === 'live'")
        page.until("page.told.filter(({ type }) => type === 'receipt').length >= 2")
        restored = [status["restored"] for status in page.told("status") if status["restore"]]
        assert restored == ["all"]
        assert [receipt["seq"] for receipt in page.told("receipt")] == [first, second]
        page.until(f"page.heard.some(({{ seq }}) => seq === {second})")
        assert page.gaps() == 0


def test_music_is_saved_and_restored(browser: Browser, pages: str) -> None:
    with service() as served:
        page = Page(browser, pages, served.url)
        page.start()
        page.run("page.music.save().then((blob) => { page.blob = blob; })")
        page.until("page.blob")
        assert bytes(page.run("return [...page.blob.slice(0, 4)]")) == b"SGS1"
        page.run("page.music.restore(page.blob).then((restored) => { page.restored = restored; })")
        page.until("page.restored")
        assert page.run("return page.restored") == "all"


def test_a_context_at_another_rate_gets_resampled_music(browser: Browser, pages: str) -> None:
    with service(options=DEEP) as served:
        page = Page(browser, pages, served.url, rate=44_100)
        page.start()
        page.fill()
        reports = "return [page.music.position.committed, page.music.output.contextTime]"
        committed, context_s = page.run(reports)
        page.until(f"page.music.position.committed > {committed + 2 * RATE}")
        later, later_s = page.run(reports)
        assert page.run("return page.music.context.sampleRate") == 44_100
        # The clock runs at 48 kHz of the context's time; a block of input is read ahead.
        assert abs((later - committed) - (later_s - context_s) * RATE) < 64
        assert max(page.run("return page.loudest")) > 0
        assert page.gaps() == 0


def test_a_suspended_context_stops_the_clock_and_goes_on_where_it_stopped(browser: Browser, pages: str) -> None:
    with service(options=DEEP) as served:
        page = Page(browser, pages, served.url)
        page.start()
        page.fill()
        page.run("page.music.context.suspend()")
        page.until("page.music.position.standing")
        stopped, underruns = (page.position()[field] for field in ("committed", "underruns"))
        receipts = "page.told.filter(({ type }) => type === 'receipt').length"
        page.fire("ping")
        page.until(f"{receipts} === 1")
        assert page.position()["committed"] == stopped
        assert page.position()["standing"]
        page.run("page.music.context.resume()")
        page.until(f"page.music.position.committed > {stopped} && !page.music.position.standing")
        assert page.position()["underruns"] == underruns


def test_a_page_of_another_origin_gets_nothing(browser: Browser, pages: str) -> None:
    with web_server() as other, service(options=["--web-origin", other]) as served:
        page = Page(browser, pages, served.url)
        page.until("page.told.some(({ type }) => type === 'connection_failed')")
        assert [failure["code"] for failure in page.told("connection_failed")] == ["unreachable"]
        assert f"--web-origin {pages}" in page.told("connection_failed")[0]["text"]
        assert not page.told("live")
        assert not page.told("music_arrived")
        Page(browser, other, served.url).until("page.told.some(({ type }) => type === 'live')")


def test_a_page_without_the_token_gets_nothing(browser: Browser, pages: str) -> None:
    with service(options=["--token", TOKEN]) as served:
        for query in ({}, {"token": TOKEN[:-1] + "m"}):
            page = Page(browser, pages, served.url, **query)
            page.until("page.told.some(({ type }) => type === 'connection_failed')")
            assert [failure["code"] for failure in page.told("connection_failed")] == ["token_refused"]
            assert not page.told("live")
            assert not page.told("music_arrived")
        Page(browser, pages, served.url, token=TOKEN).until("page.told.some(({ type }) => type === 'live')")
