"""The C# of the package's pages as files that are compiled, so that what a reader copies is what the package has.

A piece may be a whole file, members of a class, or statements. Members and statements become those of a class below
`PageCode` (`csharp/PageCode.cs`), which has what a page takes from the reader's own code, such as `program`.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parents[2] / "unity_client"
DOCUMENTATION: Final = "Documentation~/index.md"
# Each page, and the lines that a reader has above its pieces: every script of Unity begins with the engine's.
_PAGES: Final = {"README.md": "", DOCUMENTATION: "using Segue;\nusing UnityEngine;\n"}
_USING: Final = re.compile(r"^using [\w.]+;\n", re.MULTILINE)
# A piece may name what it does not use.
_QUIET: Final = "#pragma warning disable CS0168, CS0649\n"
_MEMBER: Final = re.compile(r"(\[\w+|(public|private|void) )")


def blocks(page: str, language: str) -> list[str]:
    """The pieces of a page in a language, without the page's indentation."""
    text = (PACKAGE / page).read_text()
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(block) for _, block in found]


def pages() -> list[Path]:
    """The pages that have C#."""
    return [PACKAGE / page for page in _PAGES]


def write_sources(folder: Path) -> list[Path]:
    """Write a file for each piece of C# of the pages, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = []
    for page, above in _PAGES.items():
        for number, block in enumerate(blocks(page, "csharp"), 1):
            name = f"{Path(page).stem.title()}{number}"
            source = folder / f"{name}.cs"
            source.write_text(_file_of(block, name, above))
            sources.append(source)
    return sources


def _file_of(block: str, name: str, above: str) -> str:
    if "public class " in block:
        return block
    usings = [*above.splitlines(keepends=True), *_USING.findall(block)]
    code = _USING.sub("", block).strip()
    members = code if _MEMBER.match(code) else f"void Code()\n{{\n{code}\n}}"
    return _QUIET + "".join(dict.fromkeys(usings)) + f"class {name} : Segue.Probes.PageCode\n{{\n{members}\n}}\n"
