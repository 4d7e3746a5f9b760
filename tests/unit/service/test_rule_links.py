"""Rule files deployed with links and folders that are changed while the service runs."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from pathlib import Path

import pytest

from segue.service import rule_store as rule_store_module
from segue.service.rule_store import RuleStore, UnknownRulesError
from unit.service.test_rule_store import RULES, STINGER, book_of, refused, settled, taken_over, write_sound

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links need a privilege on Windows")


def rules(title: str, more: str = "") -> str:
    return RULES.replace("Town", title) + more


def swap(link: Path, target: Path | str) -> None:
    """Turn a link to another file atomically."""
    new = link.parent / "..new"
    new.symlink_to(target)
    os.replace(new, link)


def version(folder: Path, number: int, **files: str) -> None:
    """Write a version of some files as container platforms mount settings: the link `..data` leads to it."""
    inside = folder / f"..v{number}"
    inside.mkdir(parents=True)
    for stem, text in files.items():
        (inside / f"{stem}.yaml").write_text(text, "utf-8")
        link = folder / f"{stem}.yaml"
        if not link.is_symlink():
            link.symlink_to(f"..data/{stem}.yaml")
    swap(folder / "..data", f"..v{number}")


def same_times(*paths: Path) -> None:
    """Give files the same times, as reproducible builds do."""
    for path in paths:
        os.utime(path, ns=(10**18, 10**18))


def test_turning_a_link_to_another_file_is_an_edit(tmp_path: Path) -> None:
    for name, title in (("v1", "Early"), ("v2", "Later")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "town.yaml").write_text(rules(title), "utf-8")
    same_times(tmp_path / "v1" / "town.yaml", tmp_path / "v2" / "town.yaml")
    (tmp_path / "town.yaml").symlink_to("v1/town.yaml")
    book = book_of(tmp_path / "town.yaml")
    assert settled(book) == []
    swap(tmp_path / "town.yaml", "v2/town.yaml")
    assert taken_over(settled(book)).rules.title == book.named().rules.title == "Later"
    assert settled(book) == []
    swap(tmp_path / "town.yaml", "v1/town.yaml")
    assert taken_over(settled(book)).rules.title == "Early"


def test_a_linked_folder(tmp_path: Path) -> None:
    for name, title in (("v1", "Early"), ("v2", "Later")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "town.yaml").write_text(rules(title), "utf-8")
    current = tmp_path / "current"
    current.symlink_to("v1")
    book = book_of(current / "town.yaml", folders=(current,))
    settled(book)
    swap(current, "v2")
    assert taken_over(settled(book)).rules.title == "Later"


def test_a_mounted_folder_whose_data_link_is_turned(tmp_path: Path) -> None:
    version(tmp_path, 1, town=rules("One"))
    book = book_of(tmp_path / "town.yaml", folders=(tmp_path,))
    settled(book)
    for number in (2, 3, 4):
        version(tmp_path, number, town=rules(f"Title {number}"))
        shutil.rmtree(tmp_path / f"..v{number - 1}")
        assert taken_over(settled(book)).rules.title == f"Title {number}"
        assert settled(book) == []


def test_a_turned_link_also_changes_the_included_files(tmp_path: Path) -> None:
    """The main file is the same in both versions, with its time; the included file is not."""
    main = "segue: 1\ninclude: [part.yaml]\nlayers: {place: {states: {town: {default: true, mix: {market: 1}}}}}\n"
    part = "segue: 1\ntitle: %s\nstyles: {market: {text: lute}}\n"
    version(tmp_path, 1, main=main, part=part % "One")
    book = book_of(tmp_path / "main.yaml")
    same_times(tmp_path / "main.yaml")
    settled(book)
    version(tmp_path, 2, main=main, part=part % "Two")
    same_times(tmp_path / "main.yaml", tmp_path / "part.yaml")
    before = book.named()
    after = taken_over(settled(book))
    assert after.fingerprint != before.fingerprint
    # An edit of the new file is seen, too, although it lies elsewhere.
    (tmp_path / "..v2" / "part.yaml").write_text(part % "Three" + "# more\n", "utf-8")
    assert taken_over(settled(book)).fingerprint not in (before.fingerprint, after.fingerprint)


def test_turning_a_link_to_equal_contents_is_no_edit(tmp_path: Path) -> None:
    version(tmp_path, 1, town=rules("One"))
    book = book_of(tmp_path / "town.yaml")
    settled(book)
    version(tmp_path, 2, town=rules("One"))
    shutil.rmtree(tmp_path / "..v1")
    assert settled(book) == []
    (tmp_path / "..v2" / "town.yaml").write_text(rules("Two longer"), "utf-8")
    assert taken_over(settled(book)).rules.title == "Two longer"


def test_links_to_included_files_and_sounds(tmp_path: Path) -> None:
    (tmp_path / "town.yaml").write_text(rules("Town", STINGER + "include: [part.yaml]\n"), "utf-8")
    for number in (1, 2):
        (tmp_path / f"part{number}.yaml").write_text(f"segue: 1\nstyles: {{more: {{text: harp {number}}}}}\n", "utf-8")
        write_sound(tmp_path / f"sting{number}.wav", 0.1 * number)
    (tmp_path / "part.yaml").symlink_to("part1.yaml")
    (tmp_path / "sting.wav").symlink_to("sting1.wav")
    book = book_of(tmp_path / "town.yaml")
    settled(book)
    swap(tmp_path / "part.yaml", "part2.yaml")
    assert taken_over(settled(book)).rules.styles[-1].prompts[0].text == "harp 2"
    swap(tmp_path / "sting.wav", "sting2.wav")
    assert len(taken_over(settled(book)).sounds["yes"]) == 9_600


@pytest.mark.parametrize("target", ["nowhere", "..data"])
def test_a_broken_or_circular_link_is_a_refused_edit(tmp_path: Path, target: str) -> None:
    version(tmp_path, 1, town=rules("One"))
    book = book_of(tmp_path / "town.yaml")
    settled(book)
    swap(tmp_path / "..data", target)
    assert "town.yaml" in refused(settled(book))[0]
    assert book.named().rules.title == "One"
    version(tmp_path, 2, town=rules("Two"))
    assert taken_over(settled(book)).rules.title == "Two"


# --- folders ---------------------------------------------------------------------------------------------------------


def titles(book: RuleStore) -> dict[str, str]:
    return {name: book.named(name).rules.title for name in book.names}


def test_a_new_file_in_a_folder_is_served_once_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "town.yaml").write_text(rules("Town"), "utf-8")
    book = book_of(tmp_path / "town.yaml", folders=(tmp_path,))
    assert settled(book) == settled(book) == []
    text = rules("Wood")
    for length in (3, 20, len(text)):
        (tmp_path / "wood.yaml").write_text(text[:length], "utf-8")
        assert book.changed() == []
        with pytest.raises(UnknownRulesError):
            book.named("wood")
    assert taken_over(book.changed()).rules.title == "Wood"
    assert titles(book) == {"town": "Town", "wood": "Wood"}
    (tmp_path / "wood.yaml").write_text(rules("A deeper wood"), "utf-8")
    assert taken_over(settled(book)).rules.title == "A deeper wood"


def test_a_new_file_with_mistakes_is_reported_and_served_once_it_is_right(tmp_path: Path) -> None:
    (tmp_path / "town.yaml").write_text(rules("Town"), "utf-8")
    book = book_of(tmp_path / "town.yaml", folders=(tmp_path,))
    settled(book)
    (tmp_path / "wood.yaml").write_text(rules("Wood").replace("title", "titel"), "utf-8")
    assert "did you mean 'title'?" in refused(settled(book))[0]
    assert book.names == ("town",)
    with pytest.raises(UnknownRulesError):
        book.named("wood")
    (tmp_path / "wood.yaml").write_text(rules("Wood"), "utf-8")
    assert taken_over(settled(book)).rules.title == "Wood"
    assert book.names == ("town", "wood")


def test_includes_other_yaml_and_hidden_versions_are_not_served(tmp_path: Path) -> None:
    (tmp_path / "town.yaml").write_text(rules("Town"), "utf-8")
    book = book_of(tmp_path / "town.yaml", folders=(tmp_path,))
    settled(book)
    (tmp_path / "wood.yaml").write_text(rules("Wood", "include: [sub/part.yaml]\n"), "utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "part.yaml").write_text("segue: 1\nstyles: {more: {text: harp}}\n", "utf-8")
    (tmp_path / "service.yaml").write_text("seed: 3\n", "utf-8")
    version(tmp_path / "mounted", 1, cave=rules("Cave"))
    new = settled(book)
    assert sorted(edit.name for edit in new) == ["cave", "wood"]
    assert titles(book) == {"town": "Town", "cave": "Cave", "wood": "Wood"}


def test_a_second_file_of_one_name_is_reported_once_and_not_served(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "town.yaml").write_text(rules("Town"), "utf-8")
    book = book_of(tmp_path / "town.yaml", folders=(tmp_path,))
    settled(book)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "town.yaml").write_text(rules("Other"), "utf-8")
    with caplog.at_level(logging.WARNING):
        assert settled(book) == settled(book) == []
    (line,) = caplog.records
    assert "sub/town.yaml: not served: another rule file has the same name" in line.getMessage()
    assert titles(book) == {"town": "Town"}


def test_a_removed_file_is_reported_and_still_served(tmp_path: Path) -> None:
    for name in ("town", "wood"):
        (tmp_path / f"{name}.yaml").write_text(rules(name.title()), "utf-8")
    book = book_of(tmp_path / "town.yaml", tmp_path / "wood.yaml", folders=(tmp_path,))
    settled(book)
    (tmp_path / "wood.yaml").unlink()
    assert "wood.yaml" in refused(settled(book))[0]
    assert titles(book) == {"town": "Town", "wood": "Wood"}
    assert settled(book) == []
    (tmp_path / "wood.yaml").write_text(rules("Wood again"), "utf-8")
    assert taken_over(settled(book)).rules.title == "Wood again"
    shutil.rmtree(tmp_path)
    settled(book)
    assert titles(book) == {"town": "Town", "wood": "Wood again"}


def test_a_fault_in_loading_one_file_does_not_affect_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("town", "wood"):
        (tmp_path / f"{name}.yaml").write_text(rules(name.title()), "utf-8")
    book = book_of(tmp_path / "town.yaml", tmp_path / "wood.yaml")
    settled(book)
    load = rule_store_module.load

    def broken(path: Path) -> object:
        if path.stem == "town":
            raise ArithmeticError("a fault of ours")
        return load(path)

    monkeypatch.setattr(rule_store_module, "load", broken)
    for name in ("town", "wood"):
        (tmp_path / f"{name}.yaml").write_text(rules(f"New {name}"), "utf-8")
    edits = {edit.name: edit for edit in settled(book)}
    assert "ArithmeticError" in edits["town"].errors[0]
    assert titles(book) == {"town": "Town", "wood": "New wood"}
    assert [one.getMessage() for one in caplog.records] == ["a rule file could not be loaded"]
    assert settled(book) == []
    monkeypatch.setattr(rule_store_module, "load", load)
    (tmp_path / "town.yaml").write_text(rules("Town once more"), "utf-8")
    assert taken_over(settled(book)).rules.title == "Town once more"


def test_names_can_be_read_while_files_are_added(tmp_path: Path) -> None:
    """The service's loop reads names while another thread adds files."""
    (tmp_path / "town.yaml").write_text(rules("Town"), "utf-8")
    book = book_of(tmp_path / "town.yaml", folders=(tmp_path,))
    stop, faults = threading.Event(), list[Exception]()

    def ask() -> None:
        while not stop.is_set():
            try:
                assert "town" in titles(book)
            except Exception as error:
                faults.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    for number in range(20):
        (tmp_path / f"new{number}.yaml").write_text(rules(f"New {number}"), "utf-8")
        book.changed()
        book.changed()
    stop.set()
    asking.join()
    assert not faults
    assert len(book.names) == 21
