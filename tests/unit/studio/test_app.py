"""What the page's requests are answered with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segue.cli.describe import description
from segue.cli.main import main
from segue.studio.app import PAGE, Music, Studio
from segue.studio.rule_file import RuleFile
from segue.studio.what_if import MOST_AHEAD_S, MOST_S
from unit.studio.sessions import EDITED, END, RULES, SESSION, done, edit, event, header, write

NAME = "20260101T000000-0001.segue.jsonl"


class Page:
    """Asks a studio as its page does."""

    def __init__(self, folder: Path, recording: Path | None = None) -> None:
        self.rules = folder / "meadow.yaml"
        self.rules.write_text(RULES, "utf-8")
        self.recordings = folder / "recordings"
        self.recordings.mkdir()
        music = Music(url="ws://127.0.0.1:1", token="secret", rules="studio")
        self.studio = Studio(RuleFile(self.rules, description), music, recording or self.recordings, "nonce")
        self._app = self.studio.app()

    def ask(
        self, path: str, data: Any = None, method: str | None = None, body: bytes | None = None
    ) -> tuple[int, bytes]:
        """The status and the body of an answer."""
        sent: list[Any] = []
        body = body if body is not None else b"" if data is None else json.dumps(data).encode()
        scope = {
            "type": "http",
            "method": method or ("GET" if data is None and not body else "POST"),
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [],
        }

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self._app(scope, receive, send))
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])

    def get(self, path: str, data: Any = None) -> Any:
        """The answer to a request that succeeds."""
        status, body = self.ask(f"/api/{path}", data)
        assert status == 200, body
        return json.loads(body)

    def fail(self, path: str, data: Any, status: int) -> str:
        """The text of a refusal."""
        found, body = self.ask(f"/api/{path}", data)
        assert found == status, body
        return body.decode()

    def course(self, session: str = "", start: int = 0, version: int = 0) -> Any:
        return self.get("course", {"session": session, "from": start, "version": version})


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    opened = Page(tmp_path)
    yield opened
    opened.studio.close()


WRONG_SOUND = 'expected "what" as session or branch, and "start" before the end'


def what_if(frame: int = 50, end: int = 250, **fields: Any) -> dict[str, Any]:
    return {"frame": frame, "end": end, "set": {}, "fire": [], "text": None, **fields}


def test_the_files_of_the_page_have_their_types(page: Page) -> None:
    for name in PAGE:
        status, body = page.ask(f"/{name}")
        assert status == 200
        assert body
    assert page.ask("/")[1] == page.ask("/index.html")[1]
    assert page.ask("/sources.json")[0] == 404
    assert page.ask("/../app.py")[0] == 404


def test_the_configuration_says_where_the_music_is(page: Page) -> None:
    config = page.get("config")
    assert config["file"] == "meadow.yaml"
    assert config["music"] == {"url": "ws://127.0.0.1:1", "token": "secret", "rules": "studio"}


def test_rules_are_read_checked_and_saved(page: Page) -> None:
    content = page.get("rules")
    assert content["text"] == RULES
    assert page.get("check", {"text": RULES})["ok"]
    assert page.get("schema")["title"] == "Segue rule file"
    status, body = page.ask("/api/rules", {"text": EDITED, "digest": content["digest"]}, "PUT")
    assert status == 200
    assert page.get("rules") == json.loads(body)
    status, body = page.ask("/api/rules", {"text": RULES, "digest": content["digest"]}, "PUT")
    assert (status, body.decode()) == (409, "the file has changed on the disk since it was read here")
    assert page.rules.read_text("utf-8") == EDITED


def test_there_is_no_session_before_the_first_event(page: Page) -> None:
    assert page.course() == {"session": ""}
    expected = "expected a session that has begun; play first"
    for path in ("script", "test", "recording"):
        assert page.fail(path, None, 400) == expected
    assert page.fail("branch", what_if(), 400) == expected
    (page.recordings / NAME).write_text("", "utf-8")
    assert page.course() == {"session": ""}


def test_a_course_grows_with_its_recording(page: Page) -> None:
    write(page.recordings / NAME, [*SESSION[:1], done(100)])
    first = page.course()
    assert (first["session"], first["from"], first["end"], first["ended"]) == (NAME, 0, 100, False)
    assert [row[1]["to"] for row in first["rows"]["changes"]] == ["battle"]
    assert first["rows"]["changes"][0][1]["because"] == ["danger is 0.8 (enter >= 0.6 is met)"]
    write(page.recordings / NAME, [*SESSION[1:], END])
    second = page.course(NAME, first["end"], first["version"])
    assert (second["from"], second["end"], second["ended"]) == (100, 250, True)
    assert [row[0] for row in second["rows"]["events"]] == [100, 150, 160]
    refused = second["rows"]["events"][2][1]
    assert not refused["accepted"]
    assert refused["text"] == "no input 'rain'"


def test_a_studio_that_has_ended_says_so(page: Page) -> None:
    write(page.recordings / NAME, SESSION)
    assert page.course()["end"] == 250
    page.studio.close()
    for path, data in (("course", {"session": NAME, "from": 0, "version": 0}), ("branch", what_if()), ("script", None)):
        assert page.fail(path, data, 400) == "the studio has ended"


def test_a_new_session_begins_anew(page: Page) -> None:
    write(page.recordings / NAME, SESSION)
    page.course()
    newer = NAME.replace("0001", "0002")
    write(page.recordings / newer, [done(50)])
    answer = page.course(NAME, 250, 0)
    assert (answer["session"], answer["from"], answer["end"]) == (newer, 0, 50)


def test_an_edit_counts_from_its_frame_on(page: Page) -> None:
    write(page.recordings / NAME, [*SESSION[:1], edit(40), done(100)])
    answer = page.course()
    assert answer["rows"]["rules"] == [[0, 0], [40, 1]]
    assert len(answer["declarations"]) == 2


def test_a_what_if_holds_its_inputs_and_keeps_the_other_events(page: Page) -> None:
    write(page.recordings / NAME, SESSION)
    calm = page.get("branch", what_if(20, set={"danger": 0.1}))
    assert calm["from"] == 20
    assert calm["rows"]["changes"] == []
    assert [row[1]["fire"] for row in calm["rows"]["events"] if row[1]["fire"]] == [["won"]]
    longer = page.get("branch", what_if(90, 400, set={"danger": 1}, fire=["won"]))
    assert longer["end"] == 400
    assert [row[1]["to"] for row in longer["rows"]["changes"]] == []
    assert page.course()["end"] == 250


def test_a_what_if_may_have_other_rules(page: Page) -> None:
    write(page.recordings / NAME, SESSION)
    other = page.get("branch", what_if(10, text=EDITED))
    assert other["rows"]["changes"] == []
    assert [row[1] for row in other["rows"]["rules"]] == [1]
    text = page.fail("branch", what_if(10, text="segue: 1\n"), 400)
    assert text == f"{page.rules.as_posix()}:1:1: layers: expected at least one layer, got none"
    assert page.fail("branch", what_if(10, text=""), 400) == f"{page.rules.as_posix()}:1:1: the file is empty"


def test_what_no_session_takes_is_refused(page: Page) -> None:
    write(page.recordings / NAME, SESSION)
    most = 250 + MOST_AHEAD_S * 25
    expected = "expected a frame that is played, up to 250, got 250"
    assert page.fail("branch", what_if(250, 300), 400) == expected
    assert page.fail("branch", what_if(set={"rain": 1}), 400) == "no input 'rain'"
    assert page.fail("branch", what_if(60, 50), 400) == "expected 0 <= frame < end, got frame 60 and end 50"
    too_late = f"expected an end up to {most}, {MOST_AHEAD_S} s behind what is played, got {most + 1}"
    assert page.fail("branch", what_if(60, most + 1), 400) == too_late


def test_a_long_session_has_what_ifs_and_its_first_minutes_are_heard(page: Page) -> None:
    made = (MOST_S + 60) * 25
    write(page.recordings / NAME, [*SESSION, done(made)])
    calm = page.get("branch", what_if(20, made, set={"danger": 0}))
    assert (calm["from"], calm["end"], calm["rows"]["changes"]) == (20, made, [])
    late = {"what": "branch", "start": 0, "asked": what_if(made - 10, made)}
    assert page.fail("sound", late, 400) == (
        "expected an end within the first 10 minutes, which are rendered to be heard, got 660 s; "
        "choose an earlier moment, or begin a new session"
    )


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("check", [], "expected an object, got list"),
        ("check", {}, "text: expected a text, got NoneType"),
        ("check", {"text": "\ud800"}, "text: expected characters that UTF-8 has: surrogates not allowed"),
        ("check", {"text": "", "more": 1}, "expected the fields text, got more"),
        ("course", {"session": "", "from": -1, "version": 0}, "from: expected a whole number from 0 on, got -1"),
        ("course", {"session": "", "from": True, "version": 0}, "from: expected a whole number from 0 on, got True"),
        ("branch", what_if(set=[1]), "set: expected inputs and their values"),
        ("branch", what_if(set={"danger": None}), "set: expected inputs and their values"),
        ("branch", what_if(fire="won"), "fire: expected a list of triggers"),
        ("sound", {"what": "both", "start": 0, "asked": what_if()}, WRONG_SOUND),
    ],
)
def test_a_request_that_is_not_as_expected_is_told_so(page: Page, path: str, data: Any, expected: str) -> None:
    assert page.fail(path, data, 400) == expected


def test_what_is_no_json_is_told_so(page: Page) -> None:
    for body in (b"{", b"\xff", b"[" * 100_000):
        status, text = page.ask("/api/check", body=body)
        assert status == 400
        assert text.startswith(b"expected JSON: ")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("{}\n", ":1: not a line of a recording"),
        (json.dumps(header(sources={})) + "\n", "expected a recording with the texts of its rules, got one without"),
        (json.dumps(header(sources={"a.yaml": "segue: 1\n"})) + "\n", "its rules cannot be used here: a.yaml:1:1: "),
    ],
)
def test_a_recording_that_cannot_be_shown_is_told_so(tmp_path: Path, lines: str, expected: str) -> None:
    page = Page(tmp_path, tmp_path / "game.jsonl")
    (tmp_path / "game.jsonl").write_text(lines, "utf-8")
    try:
        assert expected in page.fail("course", {"session": "", "from": 0, "version": 0}, 400)
    finally:
        page.studio.close()


def test_the_session_is_an_event_script_and_a_test_that_passes(page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    write(page.recordings / NAME, SESSION)
    script, test = (page.ask(f"/api/{what}")[1].decode() for what in ("script", "test"))
    events = ["{at: 1.00s, set: {danger: 0.8}}", "{at: 4.00s, set: {danger: 0}}", "{at: 6.00s, fire: [won]}"]
    assert [line.removeprefix("- ") for line in script.splitlines()[1:]] == events
    assert "state: {action: battle}" in test
    folder = page.rules.parent
    (folder / "meadow.session.events.yaml").write_text(script, "utf-8")
    (folder / "meadow.session.test.yaml").write_text(test, "utf-8")
    assert main(["test", str(folder / "meadow.session.test.yaml")]) == 0, capsys.readouterr()
    assert main(["timeline", str(page.rules), "--events", str(folder / "meadow.session.events.yaml")]) == 0
    capsys.readouterr()
    # It is a test: other rules fail it.
    page.rules.write_text(EDITED, "utf-8")
    assert main(["test", str(folder / "meadow.session.test.yaml")]) == 1


def test_a_session_without_events_is_a_test_too(page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    write(page.recordings / NAME, [event(3, 1, set={"rain": 1}), done(60)])
    path = page.rules.with_name("meadow.session.test.yaml")
    path.write_bytes(page.ask("/api/test")[1])
    assert main(["test", str(path)]) == 0, capsys.readouterr()


def test_the_recording_is_given_whole(page: Page) -> None:
    path = page.recordings / NAME
    write(path, SESSION)
    whole = path.read_text("utf-8")
    with path.open("a", encoding="utf-8") as file:
        file.write('{"op":"ev')
    assert page.ask("/api/recording")[1].decode() == whole + '{"op":"end"}\n'
