"""The rule store: files are loaded, reloaded when an edit is finished, kept when it is wrong; rules of clients."""

from __future__ import annotations

import os
import threading
import wave
from pathlib import Path

import numpy as np
import pytest

from segue.runtime.recording import fingerprint
from segue.service.rule_store import TEXT_NAME, RuleEdit, RuleStore, Soundtrack, UnknownRulesError, parts_of
from segue.service.settings.configuration import ServiceConfig
from segue.style.word_table import WordEncoder
from segue_rules.errors import RuleError
from segue_rules.loading import load

ENCODER = WordEncoder()
RULES = """\
segue: 1
title: Town
styles: {market: {text: cheerful tavern lute}}
layers: {place: {states: {town: {default: true, mix: {market: 1}}}}}
"""
STINGER = "inputs: {win: {type: trigger}}\nstingers: {yes: {trigger: win, audio: sting.wav}}\n"


def write_sound(path: Path, seconds: float, level: int = 9_000) -> None:
    """Write a tone as a WAV file."""
    count = round(48_000 * seconds)
    tone = (level * np.sin(np.arange(count) * 0.05)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(tone.tobytes())


def edit(path: Path, text: str) -> None:
    """Save a file with a new time, even if the clock of the file system is coarse."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before + 10_000_000, before + 10_000_000))


@pytest.fixture
def town(tmp_path: Path) -> Path:
    path = tmp_path / "town.yaml"
    path.write_text(RULES, encoding="utf-8")
    return path


def book_of(
    *paths: Path, max_prompts: int = 256, max_prompt_audio_ms: int = 300_000, folders: tuple[Path, ...] = ()
) -> RuleStore:
    config = ServiceConfig(
        rule_folders=folders,
        rules={path.stem: path for path in paths},
        default_rules=paths[0].stem if paths else None,
        max_prompts=max_prompts,
        max_prompt_audio_ms=max_prompt_audio_ms,
    )
    return RuleStore(config, [ENCODER])


def test_an_audition_has_a_switch_for_each_layer_also_after_an_edit(town: Path) -> None:
    book = RuleStore(ServiceConfig(rules={"town": town}, default_rules="town", audition=True), [ENCODER])
    assert [layer.name for layer in book.named().rules.layers] == ["place", "mute:place"]
    edit(town, RULES.replace("market: 1}", "market: 2}"))
    rules = taken_over(settled(book)).rules
    assert [layer.name for layer in rules.layers] == ["place", "mute:place"]
    assert [each.name for each in rules.inputs] == ["mute:place"]
    assert [layer.name for layer in book_of(town).named().rules.layers] == ["place"]


def settled(book: RuleStore) -> list[RuleEdit]:
    """Return the edits that two polls find: the first sees a change, the second that it is finished."""
    assert book.changed() == []
    return book.changed()


def taken_over(edits: list[RuleEdit]) -> Soundtrack:
    (only,) = edits
    assert only.errors == ()
    assert only.soundtrack is not None
    return only.soundtrack


def refused(edits: list[RuleEdit]) -> tuple[str, ...]:
    (only,) = edits
    assert only.soundtrack is None
    return only.errors


# --- loading --------------------------------------------------------------------------------------------------------


def test_soundtracks_by_name(town: Path, tmp_path: Path) -> None:
    wood = tmp_path / "wood.yaml"
    wood.write_text(RULES.replace("Town", "Wood"), encoding="utf-8")
    book = book_of(town, wood)
    assert book.names == ("town", "wood")
    assert book.named().rules.title == book.named("town").rules.title == "Town"
    assert book.named("wood").rules.title == "Wood"
    for name in ("", "Town", "town.yaml", str(town), "../town.yaml"):
        with pytest.raises(UnknownRulesError):
            book.named(name)
    with pytest.raises(UnknownRulesError):
        book_of().named()


def test_a_soundtrack_has_rules_styles_and_sounds(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    write_sound(tmp_path / "parts" / "crypt.wav", 2.0)
    write_sound(tmp_path / "sting.wav", 0.5)
    (tmp_path / "parts" / "crypt.yaml").write_text("segue: 1\nstyles: {dread: {audio: crypt.wav}}\n", encoding="utf-8")
    main = tmp_path / "main.yaml"
    main.write_text(RULES.replace("lute", "lute zzxqy") + STINGER + "include: [parts/crypt.yaml]\n", encoding="utf-8")
    soundtrack = book_of(main).named()
    assert list(soundtrack.sources) == ["main.yaml", "parts/crypt.yaml"]
    assert soundtrack.sources["main.yaml"] == main.read_text(encoding="utf-8")
    assert soundtrack.fingerprint == fingerprint([main, tmp_path / "parts" / "crypt.yaml"])
    assert soundtrack.styles.names == ("market", "dread")
    assert soundtrack.sounds["yes"].shape == (24_000, 2)
    assert any("zzxqy" in warning for warning in soundtrack.warnings)


def test_the_mistakes_in_all_files_are_reported(town: Path, tmp_path: Path) -> None:
    wood = tmp_path / "wood.yaml"
    wood.write_text(RULES.replace("mix:", "mx:"), encoding="utf-8")
    town.write_text(RULES.replace("title", "titel"), encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        book_of(town, wood)
    files = {problem.mark.file for problem in caught.value.problems}
    assert files == {town.as_posix(), wood.as_posix()}


def test_audio_prompts_have_a_quota(town: Path, tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        write_sound(tmp_path / name, 2.0)
    text = RULES.replace("market: {text: cheerful tavern lute}", "market: {blend: [{audio: a.wav}, {audio: b.wav}]}")
    town.write_text(text, encoding="utf-8")
    assert book_of(town, max_prompt_audio_ms=4_000).names == ("town",)
    with pytest.raises(
        RuleError, match=r'style "market": .*b\.wav: expected at most 3 s of audio prompts in all, got 4 s'
    ):
        book_of(town, max_prompt_audio_ms=3_000)


# --- edits ----------------------------------------------------------------------------------------------------------


def test_without_an_edit_nothing_is_reloaded(town: Path) -> None:
    book = book_of(town)
    assert [book.changed() for _ in range(4)] == [[]] * 4


def test_an_edit_is_reloaded_once(town: Path) -> None:
    book = book_of(town)
    edit(town, RULES.replace("Town", "Village"))
    found = taken_over(settled(book))
    assert found.rules.title == "Village"
    assert found is book.named("town")
    assert found.fingerprint == fingerprint([town])
    assert settled(book) == []


def test_a_file_that_is_still_being_written_is_not_reloaded(town: Path) -> None:
    book = book_of(town)
    new = RULES.replace("Town", "A longer village")
    for length in (10, 40, 90, len(new)):
        edit(town, new[:length])
        assert book.changed() == []
    assert taken_over(book.changed()).rules.title == "A longer village"


def test_a_refused_edit_keeps_the_old_rules_and_is_reported_once(town: Path) -> None:
    book = book_of(town)
    before = book.named()
    edit(town, RULES.replace("title", "titel").replace("mix:", "mx:"))
    errors = refused(settled(book))
    assert len(errors) == 2
    assert errors[0].startswith(f"{town.as_posix()}:2:1: unknown field 'titel'; did you mean 'title'?")
    assert book.named() is before
    assert settled(book) == []

    edit(town, RULES.replace("Town", "Village"))
    assert taken_over(settled(book)).rules.title == "Village"


def test_undoing_a_refused_edit_is_reported(town: Path) -> None:
    book = book_of(town)
    before = book.named()
    edit(town, "segue: 2\n")
    refused(settled(book))
    edit(town, RULES)
    found = taken_over(settled(book))
    assert (found.rules, found.fingerprint) == (before.rules, before.fingerprint)


def test_a_touched_file_is_not_reloaded(town: Path) -> None:
    book = book_of(town)
    edit(town, RULES)
    assert settled(book) == []
    edit(town, RULES.replace("Town", "Village"))
    assert taken_over(settled(book)).rules.title == "Village"


def test_a_file_that_is_replaced_is_reloaded(town: Path, tmp_path: Path) -> None:
    book = book_of(town)
    found = town.stat()
    other = tmp_path / "town.yaml~"
    other.write_text(RULES.replace("Town", "Burg"), encoding="utf-8")
    os.utime(other, ns=(found.st_mtime_ns, found.st_mtime_ns))
    assert other.stat().st_size == found.st_size
    other.replace(town)
    assert taken_over(settled(book)).rules.title == "Burg"


def test_a_missing_file_is_a_refused_edit_until_it_is_back(town: Path) -> None:
    book = book_of(town)
    town.unlink()
    assert refused(settled(book)) == (f"{town.as_posix()}:1:1: no such file",)
    assert book.named().rules.title == "Town"
    town.write_text(RULES.replace("Town", "Village"), encoding="utf-8")
    assert taken_over(settled(book)).rules.title == "Village"


def test_included_files_are_watched_even_missing_ones(town: Path, tmp_path: Path) -> None:
    book = book_of(town)
    part = tmp_path / "parts" / "crypt.yaml"
    edit(town, RULES + "include: [parts/crypt.yaml]\n")
    (error,) = refused(settled(book))
    assert "there is no file 'parts/crypt.yaml'" in error

    part.parent.mkdir()
    part.write_text("segue: 1\nstyles: {dread: {text: low drone}\n", encoding="utf-8")
    (error,) = refused(settled(book))
    assert "parts/crypt.yaml:" in error

    edit(part, "segue: 1\nstyles: {dread: {text: low drone}}\n")
    assert taken_over(settled(book)).styles.names == ("market", "dread")

    edit(part, "segue: 1\nstyles: {gloom: {text: low drone}}\n")
    assert taken_over(settled(book)).styles.names == ("market", "gloom")


def test_sounds_are_watched(town: Path, tmp_path: Path) -> None:
    sound = tmp_path / "sting.wav"
    write_sound(sound, 0.5)
    town.write_text(RULES + STINGER, encoding="utf-8")
    book = book_of(town)
    before = book.named()
    write_sound(sound, 0.25)
    found = taken_over(settled(book))
    assert found.sounds["yes"].shape == (12_000, 2)
    assert found.fingerprint == before.fingerprint

    sound.write_bytes(b"RIFF")
    (error,) = refused(settled(book))
    assert 'stinger "yes"' in error
    write_sound(sound, 0.75)
    assert taken_over(settled(book)).sounds["yes"].shape == (36_000, 2)


def test_an_edit_reloads_only_its_own_file(town: Path, tmp_path: Path) -> None:
    wood = tmp_path / "wood.yaml"
    wood.write_text(RULES, encoding="utf-8")
    book = book_of(town, wood)
    before = book.named("town")
    edit(wood, "segue: [")
    edit(town, RULES)
    (only,) = settled(book)
    assert only.name == "wood"
    assert book.named("town") is before


# --- texts from clients ---------------------------------------------------------------------------------------------


def test_rules_of_a_client() -> None:
    book = book_of()
    text = RULES.replace("lute", "lute zzxqy")
    soundtrack = book.from_text(text)
    assert soundtrack.rules.title == "Town"
    assert [warning.partition(":")[0] for warning in soundtrack.warnings] == [TEXT_NAME]
    assert book.from_text(text) is soundtrack
    assert book.names == ()


def test_the_sources_load_as_the_same_soundtrack(town: Path, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    part = tmp_path / "parts" / "crypt.yaml"
    part.write_text("\ufeffsegue: 1\r\nstyles: {dread: {text: low drone}}\r\n", encoding="utf-8")
    town.write_text(RULES + "include: [parts/crypt.yaml]\n", encoding="utf-8")
    book = book_of(town)
    for number, soundtrack in enumerate((book.named(), book.from_text(RULES))):
        copies = [tmp_path / str(number) / path for path in soundtrack.sources]
        for copy, text in zip(copies, soundtrack.sources.values(), strict=True):
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(text.encode())
        assert fingerprint(copies) == soundtrack.fingerprint
        assert book_of(copies[0]).named().rules.styles == soundtrack.rules.styles


def test_the_same_text_has_the_fingerprint_of_its_file(town: Path) -> None:
    book = book_of(town)
    assert book.from_text(RULES).fingerprint == book.named().fingerprint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RULES + "include: [town.yaml]\n", "expected no path to a rule file in a text that is not a file"),
        (RULES + "include: [/etc/passwd]\n", "/etc/passwd"),
        (RULES.replace("text: cheerful tavern lute", "audio: /etc/motd.wav"), "expected no path to an audio file"),
        (RULES + "# " + "x" * 131_072, "<rules_text>:1:1: expected at most 131072 bytes, got"),
        ("é" * 65_536 + "é", "<rules_text>:1:1: expected at most 131072 bytes, got 131074"),
        ("", "<rules_text>:1:1: the file is empty"),
        ("segue: 1\n\ud800", "<rules_text>:2:1: expected text, got the control character U+D800"),
        (RULES.replace("cheerful tavern lute", "zzxqy qqwv"), '<rules_text>:3:18: style "market"'),
    ],
    ids=["include", "absolute", "audio", "ascii", "utf8", "empty", "surrogate", "no_words"],
)
def test_rules_of_a_client_that_are_refused(
    town: Path, text: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(town.parent)
    with pytest.raises(RuleError) as caught:
        book_of(town).from_text(text)
    assert expected in str(caught.value)


def test_the_number_of_prompts_of_a_client_is_limited() -> None:
    styles = "".join(f"  s{n}: {{blend: [{{text: lute}}, {{text: drums}}]}}\n" for n in range(3))
    text = RULES.replace(" {market: {text: cheerful tavern lute}}", f"\n  market: {{text: lute}}\n{styles}")
    assert len(book_of(max_prompts=7).from_text(text).styles.names) == 4
    with pytest.raises(RuleError, match=r"<rules_text>:7:\d+: styles: expected at most 6 prompts, got 7"):
        book_of(max_prompts=6).from_text(text)


def test_a_refused_text_is_not_loaded_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    book = book_of()
    refusals = []
    for _ in range(2):
        with pytest.raises(RuleError) as caught:
            book.from_text("segue: 2\n")
        refusals.append(caught.value)
        monkeypatch.setattr("segue.service.rule_store.load_text", lambda *_: pytest.fail("read again"))
    assert refusals[0].problems == refusals[1].problems


def test_a_limited_number_of_texts_is_kept_from_any_thread() -> None:
    book = book_of()
    texts = [RULES.replace("Town", f"Town {number}") for number in range(40)]
    threads = [threading.Thread(target=lambda: [book.from_text(text) for text in texts]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    newest = book.from_text(texts[-1])
    assert book.from_text(texts[-1]) is newest
    oldest = book.from_text(texts[0])
    for text in texts[1:]:
        book.from_text(text)
    assert book.from_text(texts[0]) is not oldest


def test_a_text_with_too_many_parts_is_refused_and_the_library_has_far_fewer() -> None:
    layers = "".join(f"  l{number}: {{states: {{s: {{default: true, mix: {{a: 1}}}}}}}}\n" for number in range(31))
    text = f"segue: 1\nstyles: {{a: {{text: calm}}}}\nlayers:\n{layers}"
    with pytest.raises(RuleError, match=r"<rules_text>:\d+:\d+: .*expected at most 512 parts .*, got 527"):
        book_of().from_text(text)
    assert book_of().from_text(text.replace("  l30: {states: {s: {default: true, mix: {a: 1}}}}\n", ""))
    library = [each for each in (Path(__file__).parents[3] / "rules" / "library").iterdir() if each.is_dir()]
    assert library
    assert all(parts_of(load(folder / f"{folder.name}.yaml")) <= 128 for folder in library)


def test_stingers_of_one_file_share_its_sound(tmp_path: Path) -> None:
    write_sound(tmp_path / "sting.wav", 0.1)
    (tmp_path / "town.yaml").write_text(
        RULES + STINGER.replace("wav}}", "wav}, also: {trigger: win, audio: sting.wav}}"), "utf-8"
    )
    sounds = book_of(tmp_path / "town.yaml").named().sounds
    assert sounds["yes"] is sounds["also"]
    assert len(sounds["yes"]) == 4_800
