"""The studio in a real Chromium: a designer's walk through it, its keys and names, and pages that get nothing."""

from __future__ import annotations

import filecmp
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.keys import Keys

from page.browser import Browser, chromium
from segue.cli.main import main
from studio.studio_process import Page, studio
from unit.studio.sessions import RULES, SESSION, write
from web.playing import web_server

pytestmark = pytest.mark.heavy

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "middleware/segue/studio/page"
# Interactive elements that a screen reader could not name.
NAMELESS: Final = """
const named = (e) => e.getAttribute("aria-label") || e.textContent.trim() || e.title || e.labels?.length > 0;
return [...document.querySelectorAll("button, select, input, textarea, canvas, [tabindex], [role=button]")]
  .filter((e) => !e.closest(".cm-editor") && !named(e)).map((e) => e.outerHTML);
"""


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "meadow.yaml"
    path.write_text(RULES, "utf-8")
    return path


def test_the_built_page_is_what_its_sources_give(tmp_path: Path) -> None:
    modules = ROOT / ".cache/studio/node_modules"
    subprocess.run(["node", "middleware/studio_page/build.mjs", modules, tmp_path], check=True, cwd=ROOT)
    names = sorted(path.name for path in PAGE.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    _, changed, failed = filecmp.cmpfiles(PAGE, tmp_path, names, shallow=False)
    assert (changed, failed) == ([], []), "build the page again: tests/studio/build"


def test_a_walk_from_the_first_sound_to_a_rule_test(browser: Browser, rules: Path) -> None:
    with studio(rules) as address:
        page = Page(browser, address)
        page.until("document.querySelector('.connection').textContent === 'live'")
        page.play()
        page.turn("danger", 0.9)
        page.until("document.querySelector('.state.active[aria-label^=battle]')")
        page.until("document.querySelector('.log .happened')")
        assert page.happened()[0].endswith("action: rest → battle\nbecause danger is 0.9 (enter >= 0.6 is met)")
        page.button("won", ".controls").click()
        page.picture("playing")

        # A mistake is marked and told, and saving it keeps the rules that play.
        page.write(RULES.replace("mix: {fight: 1}, music", "mix: {fihgt: 1}, music"))
        page.until("document.querySelector('ul.problems .error')")
        assert "unknown style 'fihgt'; did you mean 'fight'?" in page.find("ul.problems").text
        page.until("document.querySelector('.cm-lintRange-error')?.textContent === 'fihgt'")
        page.button("Save and play").click()
        page.until("document.querySelector('.notices').textContent.includes('the rules before go on')")
        page.picture("mistake")

        # A new input appears once it is saved.
        page.write(RULES.replace("  won:", "  rain: {type: flag}\n  won:"))
        page.until("!document.querySelector('ul.problems .error')")
        page.find(".cm-content").send_keys(Keys.CONTROL, "s")
        page.until("document.getElementById('input-rain')")
        assert "rain: {type: flag}" in rules.read_text("utf-8")

        # What if the danger had never come?
        timeline = page.find(".timeline canvas")
        timeline.send_keys(Keys.HOME)
        page.find(".what-if .dial input[type=checkbox]").click()
        page.run(
            "const e = document.getElementById('held-danger'); e.value = 0; "
            "e.dispatchEvent(new Event('input', { bubbles: true }))"
        )
        page.button("Show", ".what-if").click()
        page.until("document.querySelector('.differences .gone')")
        assert "action: rest → battle" in page.find(".differences .gone").text
        page.button("All", ".timeline").click()
        page.picture("what-if")
        page.button("Hear both", ".what-if").click()
        page.until("document.querySelector('[aria-label=\"Which one is heard\"]')")
        page.button("A as it was", ".what-if").click()
        page.until("document.querySelector('.what-if [role=group] [aria-pressed=true]').textContent === 'A as it was'")
        page.button("Stop", ".what-if").click()
        page.button("Forget", ".what-if").click()

        # Why, and why not.
        page.run(
            "document.querySelector('.state[aria-label^=cave]').dispatchEvent(new MouseEvent('click', {bubbles: true}))"
        )
        assert "Not on." in page.find(".reasons").text
        page.find(".timeline canvas").send_keys(Keys.ESCAPE)

        page.button("Rule test", ".files").click()
        page.until("document.querySelector('dialog textarea')")
        page.picture("rule-test")
        text = page.find("dialog textarea").get_attribute("value")
        test = rules.with_name("meadow.session.test.yaml")
        test.write_text(text or "", "utf-8")
        assert main(["test", str(test)]) == 0
        page.button("Close", "dialog").click()

        assert page.run(NAMELESS) == []
        assert browser.console_messages() == []
        own = urlsplit(address).netloc
        assert {urlsplit(request).netloc for request in browser.requests()} == {own}


def test_completion_and_hover_texts_know_the_schema_and_the_names(browser: Browser, rules: Path) -> None:
    with studio(rules) as address:
        page = Page(browser, address)
        options = (
            "[...document.querySelectorAll('.cm-tooltip-autocomplete .cm-completionLabel')].map((e) => e.textContent)"
        )
        content = page.find(".cm-content")
        for text, expected in (
            ("layers:\n  action:\n    states:\n      rest: {mix: {", "calm"),
            ("layers:\n  action:\n    states:\n      rest: {when: {", "danger"),
            ("layers:\n  action:\n    states:\n      rest:\n        pri", "priority"),
            ("stingers:\n  fanfare: {trigger: ", "won"),
            ("mu", "music"),
        ):
            head, _, _ = RULES.partition("layers:")
            page.write(head + text)
            content.send_keys(Keys.CONTROL, Keys.SPACE)
            page.until(f"{options}.includes(arguments[0])", expected)
            content.send_keys(Keys.ESCAPE)


def test_everything_is_reached_with_the_keyboard(browser: Browser, rules: Path) -> None:
    rules.write_text(RULES.replace("  won:", "  storm: {type: number, range: [0, 1], default: 0}\n  won:"), "utf-8")
    with studio(rules) as address:
        page = Page(browser, address)
        page.until("document.getElementById('input-storm') && document.querySelector('.state')")
        wanted = {"play": ".play", "danger": "#input-danger", "pad": ".field", "state": ".state", "canvas": "canvas"}
        reached = set()
        page.run("document.querySelector('.play').focus()")
        script = "return Object.keys(arguments[0]).filter((name) => document.activeElement.matches(arguments[0][name]))"
        for _ in range(80):
            here = page.run(script, {**wanted, "editor": ".cm-content"})
            reached.update(here)
            # In the editor Tab indents; after Escape it leaves, if it comes within two seconds.
            escape = [Keys.ESCAPE] if "editor" in here else []
            browser.driver.switch_to.active_element.send_keys(*escape, Keys.TAB)
            if len(reached) > len(wanted):
                break
        assert reached == {*wanted, "editor"}


def test_pages_of_other_origins_get_nothing(browser: Browser, rules: Path) -> None:
    ask = """
    const [address, method, done] = arguments;
    fetch(address, { method, mode: "cors", body: method === "GET" ? undefined : "{}" })
      .then((answer) => answer.text().then((text) => done(`${answer.status} ${text}`)), (error) => done(String(error)));
    """
    with studio(rules) as address, web_server() as other:
        browser.driver.get(f"{other}/tests/web/page.html")
        for method in ("GET", "PUT", "POST"):
            answer = browser.driver.execute_async_script(ask, f"{address}api/rules", method)
            assert answer == "TypeError: Failed to fetch"
        browser.run("document.body.innerHTML = `<iframe src='${arguments[0]}'></iframe>`", address)
        browser.wait(
            lambda: browser.run("return document.querySelector('iframe').contentDocument === null"), "the frame"
        )
        browser.driver.switch_to.frame(0)
        assert "Segue Studio" not in browser.driver.page_source
    assert rules.read_text("utf-8") == RULES


def test_nobody_gets_anything_without_the_token(rules: Path) -> None:
    with studio(rules) as address:
        root = address.rsplit("/", 2)[0]
        for path in ("/", "/studio.js", "/api/config", "/api/rules", f"/{'x' * 43}/api/rules"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(root + path)
            assert refused.value.code == 404
            assert refused.value.read() == b"not found; open the address that segue studio printed\n"
        assert urllib.request.urlopen(address).status == 200


def test_a_session_of_a_game_is_shown_and_not_changed(browser: Browser, rules: Path) -> None:
    recording = rules.with_name("game.segue.jsonl")
    write(recording, SESSION)
    with studio(rules, "--follow", str(recording)) as address:
        page = Page(browser, address)
        page.until("document.querySelector('.connection').textContent === 'follows a game'")
        page.until("document.querySelector('.log .happened')")
        assert page.run("return document.querySelectorAll('.controls :is(button, input, select):enabled').length") == 0
        assert page.run("return document.querySelector('.play')") is None
        page.picture("follow")
        assert browser.console_messages() == []
