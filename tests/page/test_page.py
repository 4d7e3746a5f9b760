"""A three-minute report of Emberwood in a real browser: playback, zoom, log, printing, and no network access."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.by import By

from match import match
from page.browser import Browser, chromium
from segue.cli.main import main

pytestmark = pytest.mark.heavy

EMBERWOOD: Final = Path("rules/library/emberwood")
LENGTH_S: Final = 180
OUT: Final = Path("out/page")
MOST_BYTES: Final = 8_000_000
# Width of one pixel in the narrowest plot of the tests, with the whole run in view.
PIXEL_MS: Final = 200
SHARED_ROWS: Final = ("bars", "waveform", "spectrogram", "loudness", "events", "states", "weights", "inputs", "tempo")
ROWS: Final = frozenset((*SHARED_ROWS, "composition", "stingers", "takes", "buffer", "latency"))
FRAMES: Final = """
return Bokeh.documents[0].roots().map((plot) => {
  const view = Bokeh.index.get_one(plot), box = view.el.getBoundingClientRect();
  return {left: box.left + view.frame.bbox.left, width: view.frame.bbox.width,
          start: plot.x_range.start, end: plot.x_range.end};
});
"""


@pytest.fixture(scope="module")
def page() -> Path:
    OUT.mkdir(parents=True, exist_ok=True)
    path = (OUT / "emberwood.html").resolve()
    files = [str(EMBERWOOD / "emberwood.yaml"), "--events", str(EMBERWOOD / "emberwood.events.yaml")]
    asked = ["--live", "--duration", str(LENGTH_S), "--quiet", "--output", str(OUT / "emberwood.ogg")]
    assert main(["preview", *files, *asked, "--report", str(path)]) == 0
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def report(browser: Browser, page: Path) -> Browser:
    """The page, reloaded in light colours."""
    browser.open(page)
    return browser


def plot_of(report: Browser, row: str) -> Any:
    return report.driver.find_element(By.CSS_SELECTOR, f'.row[data-row="{row}"] .plot')


def range_of(report: Browser) -> tuple[float, float]:
    start, end = report.run("return [window.report.view.start, window.report.view.end]")
    return start, end


def now_ms(report: Browser) -> float:
    return float(report.run("return window.report.player.now"))


def line_px(report: Browser) -> float:
    """The x coordinate of the playhead's line in the window."""
    return float(report.run("return document.getElementById('playhead').getBoundingClientRect().left"))


def at_px(report: Browser, ms: float) -> float:
    """The x coordinate of a time in the window, from the geometry of the plots."""
    frame = report.run(FRAMES)[0]
    return float(frame["left"] + (ms - frame["start"]) / (frame["end"] - frame["start"]) * frame["width"])


def test_a_three_minute_page_is_small_enough_to_mail(page: Path) -> None:
    assert 1_000_000 < page.stat().st_size < MOST_BYTES


def test_it_requests_only_itself_and_logs_no_errors(browser: Browser, page: Path) -> None:
    browser.requests()
    browser.console_messages()
    browser.open(page)
    browser.wait(lambda: browser.run("return document.getElementById('audio').readyState") >= 3, "the sound")
    assert browser.requests() == [page.as_uri()]
    assert browser.console_messages() == []


def test_all_rows_share_one_time_axis(report: Browser) -> None:
    assert set(report.run("return [...document.querySelectorAll('.row')].map((row) => row.dataset.row)")) == ROWS
    frames = report.run(FRAMES)
    assert len(frames) == len(ROWS)
    assert max(f["left"] for f in frames) - min(f["left"] for f in frames) < 0.5
    assert max(f["width"] for f in frames) - min(f["width"] for f in frames) < 0.5
    assert {(f["start"], f["end"]) for f in frames} == {(0, LENGTH_S * 1000)}


def test_the_audio_has_the_length_of_the_run(report: Browser) -> None:
    report.wait(lambda: report.run("return document.getElementById('audio').readyState") >= 1, "the sound")
    assert report.run("return document.getElementById('audio').duration") == pytest.approx(LENGTH_S, abs=0.02)


def test_playing_moves_the_audio_and_the_playhead_together(report: Browser) -> None:
    before = line_px(report)
    report.driver.find_element(By.ID, "play").click()
    report.wait(lambda: report.run("return document.getElementById('audio').currentTime") > 1.5, "1.5 s of sound")
    assert report.run("return document.getElementById('play').getAttribute('aria-label')") == "Pause"
    report.driver.find_element(By.ID, "play").click()
    report.wait(lambda: report.run("return document.getElementById('audio').paused"), "the pause")
    report.settle()
    position_ms = float(report.run("return document.getElementById('audio').currentTime")) * 1000
    assert line_px(report) > before + 5
    assert now_ms(report) == pytest.approx(position_ms, abs=1)
    assert line_px(report) == pytest.approx(at_px(report, position_ms), abs=1.5)


def test_space_plays_and_arrow_keys_seek(report: Browser) -> None:
    body = report.driver.find_element(By.TAG_NAME, "body")
    body.send_keys(" ")
    report.wait(lambda: now_ms(report) > 300, "the sound to run")
    body.send_keys(" ")
    report.wait(lambda: report.run("return document.getElementById('audio').paused"), "the pause")
    before = now_ms(report)
    body.send_keys("\ue014")
    assert now_ms(report) == pytest.approx(before + 1000, abs=1)
    body.send_keys("\ue012")
    body.send_keys("\ue012")
    assert now_ms(report) == pytest.approx(max(0, before - 1000), abs=1)


def test_a_click_on_a_plot_seeks(report: Browser) -> None:
    for row, share in (("waveform", 0.25), ("weights", -0.3)):
        plot = plot_of(report, row)
        offset = round(plot.size["width"] * share)
        ActionChains(report.driver).move_to_element_with_offset(plot, offset, 0).click().perform()
        time_ms = report.run("return document.getElementById('audio').currentTime") * 1000
        frame = report.run(FRAMES)[0]
        x = plot.rect["x"] + plot.rect["width"] / 2 + offset - report.run("return scrollX")
        expected = (x - frame["left"]) / frame["width"] * LENGTH_S * 1000
        assert time_ms == pytest.approx(expected, abs=2 * PIXEL_MS)
        report.settle()
        assert line_px(report) == pytest.approx(x, abs=2)


def test_the_wheel_zooms_every_row_and_reset_shows_the_whole_run(report: Browser) -> None:
    plot = plot_of(report, "spectrogram")
    ActionChains(report.driver).scroll_from_origin(ScrollOrigin.from_element(plot), 0, -600).perform()
    report.wait(lambda: range_of(report)[1] - range_of(report)[0] < 0.8 * LENGTH_S * 1000, "the zoom")
    report.settle()
    frames = report.run(FRAMES)
    assert len({(f["start"], f["end"]) for f in frames}) == 1
    assert frames[0]["start"] > 0
    # The playhead is at 0, which is out of view.
    assert report.run("return getComputedStyle(document.getElementById('playhead')).visibility") == "hidden"
    report.driver.find_element(By.ID, "reset").click()
    report.settle()
    assert range_of(report) == (0, LENGTH_S * 1000)


def test_dragging_pans_without_seeking(report: Browser) -> None:
    report.run("window.report.view.show(60000, 90000)")
    report.settle()
    plot = plot_of(report, "loudness")
    ActionChains(report.driver).move_to_element(plot).click_and_hold().move_by_offset(-200, 0).release().perform()
    report.settle()
    start, end = range_of(report)
    assert end - start == pytest.approx(30_000, abs=1)
    assert start > 62_000
    assert now_ms(report) == 0


def test_zooming_in_shows_a_finer_waveform_and_the_beats(report: Browser) -> None:
    def spacing() -> float:
        xs = report.run("return Array.from(Bokeh.documents[0].get_model_by_name('waveform').data.x)")
        return float(xs[10] - xs[9])

    whole, lines = spacing(), report.run("return Bokeh.documents[0].get_model_by_name('bars').data.text")
    assert not any(":" in text for text in lines)
    report.run("window.report.view.show(30000, 34000)")
    report.settle()
    assert spacing() < whole / 10
    assert any(":" in text for text in report.run("return Bokeh.documents[0].get_model_by_name('bars').data.text"))


def test_a_click_on_a_row_of_the_log_seeks(report: Browser) -> None:
    row = report.driver.find_element(By.CSS_SELECTOR, '.log tr[data-kind="change"]:nth-of-type(n+12)')
    report.run("arguments[0].scrollIntoView({block: 'center'})", row)
    row.click()
    assert now_ms(report) == pytest.approx(float(row.get_attribute("data-seek") or -1), abs=1)
    report.settle()
    assert "current" in (row.get_attribute("class") or "")


def test_filters_hide_entries_of_other_kinds(report: Browser) -> None:
    def takes() -> list[bool]:
        return [row.is_displayed() for row in report.driver.find_elements(By.CSS_SELECTOR, 'tr[data-kind="take"]')]

    assert takes()
    assert all(takes())
    button = report.driver.find_element(By.CSS_SELECTOR, '.filters [data-kind="take"]')
    report.run("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    assert not any(takes())
    assert report.driver.find_element(By.CSS_SELECTOR, 'tr[data-kind="change"]').is_displayed()


@pytest.fixture(scope="module")
def match_page() -> Path:
    """A report of a match that sets inputs five times a second: a thousand events."""
    OUT.mkdir(parents=True, exist_ok=True)
    path, script = (OUT / "match.html").resolve(), OUT / "match.jsonl"
    script.write_text("".join(json.dumps(event) + "\n" for event in match(3)))
    files = [str(EMBERWOOD / "emberwood.yaml"), "--events", str(script)]
    asked = ["--duration", str(LENGTH_S), "--quiet", "--output", str(OUT / "match.ogg"), "--report", str(path)]
    assert main(["preview", *files, *asked]) == 0
    return path


def test_a_long_log_can_be_paged_searched_and_filtered(browser: Browser, match_page: Path) -> None:
    browser.console_messages()
    browser.open(match_page)
    rows = "return [...document.querySelectorAll('.log tbody tr')].map((row) => row.dataset.kind)"
    shown = "return document.getElementById('rows-shown').textContent"

    def press(selector: str) -> None:
        browser.run("document.querySelector(arguments[0]).click()", selector)

    assert "input" not in browser.run(rows)
    few = browser.run("return document.querySelectorAll('.log tbody tr').length")
    press('.filters [data-kind="input"]')
    assert len(browser.run(rows)) == 200
    total = int(browser.run(shown).split(" of ")[1])
    assert total > few + 800
    press('[data-page="last"]')
    assert browser.run(shown).endswith(f"–{total} of {total}")
    browser.run("window.report.player.seek(90000)")
    browser.run("document.getElementById('search').value = 'DISCOVERY'")
    browser.run("document.getElementById('search').dispatchEvent(new Event('input'))")
    browser.wait(lambda: set(browser.run(rows)) == {"event"}, "the search")
    assert browser.run(shown).startswith("1–")
    assert browser.console_messages() == []


def test_labels_of_one_row_do_not_overlap(browser: Browser, match_page: Path) -> None:
    browser.open(match_page)
    for start, end in ((0, LENGTH_S * 1000), (20_000, 80_000)):
        browser.run("window.report.view.show(arguments[0], arguments[1])", start, end)
        browser.settle()
        for name in ("events", "stingers", "composition"):
            overlaps = browser.run(
                """
                const { x, y, text } = Bokeh.documents[0].get_model_by_name(`${arguments[0]}-labels`).data;
                const boxes = x.map((at, i) => [y[i], at / window.report.view.msPerPixel, measure(text[i])]);
                boxes.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
                const covers = ([row, at, width], next) => row === next[0] && at + width > next[1];
                return boxes.filter((box, i) => i && covers(boxes[i - 1], box)).length;
                """,
                name,
            )
            assert overlaps == 0
            assert browser.run("return Bokeh.documents[0].get_model_by_name(arguments[0]).data.x?.length ?? 1", name)


def test_hovering_shows_the_event_and_the_time(report: Browser) -> None:
    # The position of an event's mark, from the scales of the plot.
    x, y = report.run("""
        const doc = Bokeh.documents[0], marks = doc.get_model_by_name("events").data;
        const plot = doc.roots().find((root) => root.renderers.some((one) => one.data_source?.name === "events"));
        const view = Bokeh.index.get_one(plot), box = view.el.getBoundingClientRect();
        return [box.left + view.frame.x_scale.compute(marks.x[2]), box.top + view.frame.y_scale.compute(marks.y[2])];
    """)
    actions = ActionChains(report.driver)
    actions.w3c_actions.pointer_action.move_to_location(round(x) - 8, round(y))
    actions.w3c_actions.pointer_action.move_to_location(round(x), round(y))
    actions.perform()
    # Tooltips are in shadow trees.
    shown = """
        const texts = [];
        const walk = (node) => {
          for (const child of node.querySelectorAll("*")) if (child.shadowRoot) {
            if (child.matches(".bk-Tooltip")) texts.push(child.shadowRoot.textContent);
            walk(child.shadowRoot);
          }
        };
        walk(document);
        return texts.join(" ");
    """
    report.wait(lambda: "threat 0.9" in report.run(shown), "the tooltip")
    flag = report.driver.find_element(By.CSS_SELECTOR, "#cursor output").text
    assert flag.startswith("0:2")
    assert "·" in flag
    report.screenshot(OUT / "hover.png")


def test_screenshots(browser: Browser, page: Path) -> None:
    browser.console_messages()
    for dark in (False, True):
        browser.open(page, dark=dark)
        name = "dark" if dark else "light"
        browser.screenshot(OUT / f"{name}.png")
        browser.screenshot(OUT / f"{name}-whole.png", whole=True)
        ground = browser.run("return getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") is not dark
    browser.run("window.report.view.show(76000, 96000); window.report.player.seek(80500)")
    browser.settle()
    browser.size(1440, 1500)
    browser.settle()
    browser.screenshot(OUT / "zoomed.png")
    browser.open(page, width=1280, height=800)
    browser.screenshot(OUT / "light-1280.png", width=1280, height=800)
    assert browser.run("return document.documentElement.scrollWidth") <= 1280
    assert browser.console_messages() == []


def test_it_prints(browser: Browser, page: Path) -> None:
    """Printed from dark mode, the page is on white paper and has a few sheets."""
    browser.open(page, dark=True)
    assert 3 <= browser.print_to(OUT / "print.pdf") <= 10
    browser.wait(lambda: not browser.run("return document.documentElement.classList.contains('printing')"), "the end")
