"""Every bad file in bad/ gives exactly the messages of the .txt beside it. Odder files are made by the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from segue_rules.errors import RuleError
from segue_rules.loading import load, load_text
from segue_yaml.report import MOST_PROBLEMS

BAD = Path(__file__).parent / "bad"
FILES = sorted(path.name for path in BAD.glob("*.bad.yaml"))
HEAD = b"segue: 1\n"


def messages(name: str) -> str:
    with pytest.raises(RuleError) as caught:
        load(name)
    return str(caught.value)


def test_there_are_many_bad_files() -> None:
    assert len(FILES) >= 180


@pytest.mark.parametrize("name", FILES)
def test_bad_file(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    expected = Path(name.replace(".bad.yaml", ".txt")).read_text(encoding="utf-8")
    assert messages(name) + "\n" == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (HEAD + b"title: \xff\n", "rules.yaml:2:8: expected UTF-8 text, got the byte 0xff; save the file as UTF-8"),
        ("segue: 1".encode("utf-16"), "rules.yaml:1:1: expected UTF-8 text, got the byte 0xff; save the file as UTF-8"),
        (HEAD + b"title: a\x00b\n", "rules.yaml:2:9: expected text, got the control character U+0000"),
        (HEAD + b"title: \x1b[31m\n", "rules.yaml:2:8: expected text, got the control character U+001B"),
        ("title: a\u2028b\n".encode(), "rules.yaml:1:9: expected text, got the control character U+2028"),
        (b"[" * 100_000, "rules.yaml:1:33: expected at most 32 levels of nesting, got more"),
        (b"- " * 100_000, "rules.yaml:1:65: expected at most 32 levels of nesting, got more"),
        (b"{a: " * 40, "rules.yaml:1:129: a, a, a, a, a, a: expected at most 32 levels of nesting, got more"),
        (b"# " + b"x" * 10_000_000, "rules.yaml:1:1: expected at most 1 MiB, got more"),
        (
            b"a: &a [" + b"1, " * 1_000 + b"]\nb: [" + b"*a, " * 60 + b"]",
            "rules.yaml:2:197: expected at most 50000 values in a file, got more",
        ),
    ],
    ids=["latin1", "utf16", "nul", "escape", "separator", "brackets", "dashes", "braces", "huge", "many"],
)
def test_bytes_that_are_not_text(
    content: bytes, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rules.yaml").write_bytes(content)
    assert messages("rules.yaml").startswith(expected)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"\xef\xbb\xbfsegue: 2\n")
    with pytest.raises(RuleError, match=r"rules\.yaml:1:8: segue: expected language version 1, got 2"):
        load(path)


def test_windows_line_ends_count_as_one_line(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"segue: 1\r\ntitle: 3\r\nlayers: {}\r\n")
    with pytest.raises(RuleError) as caught:
        load(path)
    assert [problem.mark.line for problem in caught.value.problems] == [2, 3]


def test_paths_that_lead_to_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.yaml").mkdir()
    os.mkfifo("pipe.yaml")
    assert messages("missing.yaml") == "missing.yaml:1:1: no such file"
    Path("meadow.yaml").write_text("segue: 1\n")
    assert messages("medow.yaml") == "medow.yaml:1:1: no such file; did you mean 'meadow.yaml'?"
    Path("meadow.yaml").rename("folder.yaml/meadow.yaml")
    here = "folder.yaml/medow.yaml"
    assert messages(here) == f"{here}:1:1: no such file; did you mean 'folder.yaml/meadow.yaml'?"
    assert messages("folder.yaml") == "folder.yaml:1:1: expected a file, got a folder"
    assert messages("pipe.yaml") == "pipe.yaml:1:1: not a regular file"
    assert messages("nul\0byte.yaml") == "nul\0byte.yaml:1:1: cannot be read: embedded null byte"


def test_a_link_may_not_lead_out_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.wav").write_bytes(b"RIFF")
    (inside / "sound.wav").symlink_to("../secret.wav")
    (inside / "loop.wav").symlink_to("loop.wav")
    rules = inside / "rules.yaml"
    rules.write_text("segue: 1\nstyles:\n  a: {audio: sound.wav}\n  b: {audio: loop.wav}\nlayers: {}\n")
    monkeypatch.chdir(inside)
    assert messages("rules.yaml").splitlines() == [
        "rules.yaml:3:14: style \"a\", audio: expected a path within the folder of its file, got 'sound.wav', "
        "which leads out of it",
        "rules.yaml:4:14: style \"b\", audio: expected an audio file, got 'loop.wav', "
        "a symbolic link that leads to itself",
        "rules.yaml:5:9: layers: expected at least one layer, got none",
    ]


def test_includes_are_limited_in_depth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for depth in range(12):
        Path(f"{depth}.yaml").write_text(f"segue: 1\ninclude: [{depth + 1}.yaml]\n")
    text = messages("0.yaml")
    assert text.splitlines()[-1] == "8.yaml:2:11: include: expected includes at most 8 deep, got one more"


def test_includes_are_limited_in_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for part in range(66):
        Path(f"{part}.yaml").write_text("segue: 1\n")
    first = ", ".join(f"{part}.yaml" for part in range(40))
    second = ", ".join(f"{part}.yaml" for part in range(40, 66))
    Path("39.yaml").write_text(f"segue: 1\ninclude: [{second}]\n")
    Path("main.yaml").write_text(f"segue: 1\ninclude: [{first}]\n")
    assert "39.yaml:2:227: include: expected at most 64 included files, got one more" in messages("main.yaml")


def test_limits_hold_for_all_files_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for part in ("a", "b"):
        styles = "".join(f"  {part}{each}: {{text: x}}\n" for each in range(700))
        states = "".join(f"      {part}{each}: {{mix: {{{part}{each}: 1}}}}\n" for each in range(300))
        Path(f"{part}.yaml").write_text(f"segue: 1\nstyles:\n{styles}layers:\n  l:\n    states:\n{states}")
    Path("main.yaml").write_text("segue: 1\ninclude: [a.yaml, b.yaml]\n")
    assert messages("main.yaml").splitlines() == [
        "a.yaml:704:3: layer \"l\": expected a state with 'default: true', got none",
        'a.yaml:704:3: layer "l": expected at most 512 states in all files together, got 600',
        "main.yaml:1:1: expected at most 1024 styles in all files together, got 1400",
    ]


def test_a_text_without_a_folder_may_not_name_files() -> None:
    with pytest.raises(RuleError) as caught:
        load_text("segue: 1\ninclude: [a.yaml]\nstyles: {a: {audio: a.wav}}\nlayers: {}\n", name="hello")
    assert str(caught.value).splitlines() == [
        "hello:2:11: include: expected no path to a rule file in a text that is not a file, got 'a.yaml'",
        "hello:3:21: style \"a\", audio: expected no path to an audio file in a text that is not a file, got 'a.wav'",
    ]


def test_reading_stops_after_too_many_mistakes() -> None:
    with pytest.raises(RuleError) as caught:
        load_text("segue: 1\n" + "".join(f"x{number}: 1\n" for number in range(5_000)))
    assert len(caught.value.problems) == MOST_PROBLEMS + 1
    assert caught.value.problems[-1].text == "more than 500 mistakes; reading stopped here"


def test_a_condition_is_limited_in_size() -> None:
    leaves = ", ".join(["{threat: '> 0.5'}"] * 65)
    text = (
        "segue: 1\ninputs: {threat: {type: number, range: [0, 1]}}\nstyles: {a: {text: a}}\n"
        f"layers: {{l: {{states: {{a: {{default: true, mix: {{a: 1}}}}, b: {{when: {{any: [{leaves}]}}}}}}}}}}\n"
    )
    with pytest.raises(RuleError, match=r'state "b", when: expected a condition of at most 64 comparisons, got 65'):
        load_text(text)
