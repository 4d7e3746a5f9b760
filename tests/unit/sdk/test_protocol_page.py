"""PROTOCOL.md agrees with the code: field tables, numbers, codes, states."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segue_sdk import errors, limits
from segue_sdk.messages import MESSAGES
from segue_sdk.vectors.tables import PARTS, main, table, with_tables
from segue_sdk.vectors.zmtp import SPELLED

PAGE = Path(__file__).parents[3] / "engine_sdk" / "PROTOCOL.md"
TEXT = PAGE.read_text("utf-8")


def test_field_tables_are_those_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(PAGE)]) == 0, capsys.readouterr().out


def test_every_message_and_part_has_one_table_under_its_heading() -> None:
    names = re.findall(r"<!-- fields: (\w+) -->\n.*?<!-- end -->", TEXT, re.DOTALL)
    assert sorted(names) == sorted([*MESSAGES, *PARTS])
    for name in names:
        before = TEXT[: TEXT.index(f"<!-- fields: {name} -->")]
        assert re.findall(r"^### (.+)$", before, re.MULTILINE)[-1] == name


def test_a_changed_table_is_noticed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n<!-- fields: save -->\n| old |\n<!-- end -->\nrest\n", "utf-8")
    assert main([str(page)]) == 1
    assert main([str(page), "--write"]) == 0
    assert page.read_text("utf-8") == with_tables(page.read_text("utf-8"))
    assert table(MESSAGES["save"]) in page.read_text("utf-8")
    assert capsys.readouterr().out.count("not current") == 1


def test_every_code_of_the_codec_is_explained() -> None:
    section = TEXT[TEXT.index("## 8 Error codes") : TEXT.index("## 9")]
    explained = {
        code for row in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE) for code in re.findall(r"`(\w+)`", row)
    }
    assert explained == {*errors.DECODE_CODES, *errors.SESSION_CODES}


def test_the_appendix_spells_the_bytes_of_the_vectors() -> None:
    appendix = TEXT[TEXT.index("## Appendix A") :]
    rows = re.findall(r"\| `([0-9a-f]{2}[ *][^`]*)` \|", appendix)
    assert sorted(rows) == sorted(SPELLED.values())


@pytest.mark.parametrize(
    ("phrase", "number"),
    [
        (r"header above ([\d ]+) bytes", limits.HEADER_BYTES),
        (r"payload above ([\d ]+) bytes", limits.PAYLOAD_BYTES),
        (r"more than ([\d ]+) levels", limits.DEEPEST),
        (r"join = ([\d ]+) samples", limits.JOIN),
        (r"fade = ([\d ]+) samples", limits.FADE),
        (r"pre-roll = ([\d ]+) samples", limits.PRE_ROLL),
        (r"`committed` \+ ([\d ]+), it is dropped", limits.CAPACITY),
        (r"keeps at least ([\d ]+) takes: those", limits.MOST_TAKES),
        (r"keeps at most ([\d ]+) stingers", limits.MOST_PLAYING),
        (r"A cell is the service's own, at most ([\d ]+) bytes", limits.CELL_BYTES),
        (r"lies before `committed` \+ ([\d ]+), the nearest later", limits.RESTORE_AHEAD),
        (r"for save games: at most ([\d ]+) bytes", limits.BLOB_BYTES),
        (r"A client with ([\d ]+) events without a receipt", limits.MOST_UNRECEIPTED),
        (r"of one frame or two: at most ([\d ]+) and", limits.HEADER_BYTES),
        (r"of one frame or two: at most [\d ]+ and ([\d ]+) bytes", limits.PAYLOAD_BYTES),
        (r"a \*frame\* is ([\d ]+) samples", limits.FRAME_SIZE),
        (r"any but `closed` \| the transport breaks, or ([\d ]+) s without", limits.SILENCE_S),
    ],
)
def test_numbers_are_those_of_the_code(phrase: str, number: float) -> None:
    (found,) = re.findall(phrase, " ".join(TEXT.split()))
    assert int(found.replace(" ", "")) == number
