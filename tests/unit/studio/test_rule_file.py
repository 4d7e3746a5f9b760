"""The rule file is saved whole, as it was written, and never over what somebody else has written meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from segue.cli.describe import description
from segue.studio.rule_file import ConflictError, RuleFile
from segue_yaml.document import LARGEST_FILE
from unit.studio.sessions import RULES


@pytest.fixture
def file(tmp_path: Path) -> RuleFile:
    path = tmp_path / "meadow.yaml"
    path.write_text(RULES, "utf-8")
    return RuleFile(path, description)


def test_a_text_is_saved_and_read_again(file: RuleFile) -> None:
    first = file.read()
    assert first.text == RULES
    second = file.save(RULES + "# más\n", first.digest)
    assert second == file.read()
    assert file.path.read_bytes() == (RULES + "# más\n").encode()


def test_what_was_written_meanwhile_stays(file: RuleFile) -> None:
    digest = file.read().digest
    file.path.write_text("segue: 1\n", "utf-8")
    with pytest.raises(ConflictError):
        file.save(RULES, digest)
    assert file.path.read_text("utf-8") == "segue: 1\n"


def test_of_texts_that_are_saved_at_once_one_is_kept(file: RuleFile) -> None:
    digest = file.read().digest
    texts = [f"{RULES}# {number}\n" for number in range(16)]

    def save(text: str) -> str | None:
        try:
            return file.save(text, digest).text
        except ConflictError:
            return None

    with ThreadPoolExecutor(len(texts)) as threads:
        saved = [text for text in threads.map(save, texts) if text is not None]
    assert saved == [file.path.read_text("utf-8")]


def test_line_ends_and_the_byte_order_mark_stay(file: RuleFile) -> None:
    file.path.write_bytes(b"\xef\xbb\xbf" + RULES.replace("\n", "\r\n").encode())
    content = file.read()
    assert content.text == RULES
    file.save(content.text + "# end\n", content.digest)
    assert file.path.read_bytes() == b"\xef\xbb\xbf" + (RULES + "# end\n").replace("\n", "\r\n").encode()


def test_a_text_that_is_too_long_is_not_saved(file: RuleFile) -> None:
    digest = file.read().digest
    with pytest.raises(ValueError, match=f"expected at most {LARGEST_FILE} bytes, got {LARGEST_FILE + 1}"):
        file.save("#" * (LARGEST_FILE + 1), digest)
    assert file.read().digest == digest


def test_a_text_is_checked_in_place_of_the_file(file: RuleFile) -> None:
    found = file.check(RULES.replace("mix: {fight: 1}, music", "mix: {fihgt: 1}, music"))
    assert not found["ok"]
    (problem,) = found["problems"]
    assert problem["text"] == "unknown style 'fihgt'; did you mean 'fight'?"
    assert (problem["file"], problem["line"]) == (file.path.as_posix(), 18)
    assert [each["name"] for each in found["inputs"]] == ["danger", "place", "won"]
    assert file.check(RULES)["ok"]


def test_includes_are_read_beside_the_file(file: RuleFile) -> None:
    file.path.with_name("more.yaml").write_text("segue: 1\nstyles: {rain: {text: rain}}\n", "utf-8")
    found = file.check(RULES.replace("title: Meadow\n", "title: Meadow\ninclude: [more.yaml]\n"))
    assert [each["name"] for each in found["styles"]] == ["calm", "fight", "rain"]
