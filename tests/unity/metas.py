"""The `.meta` files of the Unity package: `python tests/unity/metas.py [--write]`.

Unity names every asset by the GUID in the `.meta` file beside it. A package that is installed from Git is read-only, so
each visible file and folder must bring its own. A GUID that exists is never changed: projects refer to it. Renaming a
file means renaming its `.meta`. Exit status: 1 if a file is missing or left over.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parents[2] / "unity_client"
SAMPLES: Final = "Samples~"
_IMPORTERS: Final = {
    ".asmdef": "AssemblyDefinitionImporter",
    ".cs": "MonoImporter",
    ".md": "TextScriptImporter",
    ".yaml": "TextScriptImporter",
    "package.json": "PackageManifestImporter",
}
_SCRIPT_FIELDS: Final = """\
  serializedVersion: 2
  defaultReferences: []
  executionOrder: 0
  icon: {instanceID: 0}
"""


def is_visible(path: Path) -> bool:
    """Whether Unity imports a path of the package: none of its names is hidden from it.

    What is in a sample is visible once the sample is imported, with the `.meta` that it brings.
    """
    names = path.relative_to(PACKAGE).parts
    if names[0] == SAMPLES:
        names = names[2:]
        return bool(names) and not any(name.startswith(".") or name.endswith("~") for name in names)
    return not any(name.startswith(".") or name.endswith("~") for name in names)


def assets() -> list[Path]:
    """The files and folders that need a `.meta`, in order."""
    found = (path for path in PACKAGE.rglob("*") if path.suffix != ".meta" and is_visible(path))
    return sorted(path for path in found if path.is_file() or any(path.iterdir()))


def meta_of(asset: Path) -> Path:
    """Where an asset's `.meta` lies."""
    return asset.with_name(asset.name + ".meta")


def guid_of(name: str) -> str:
    """The GUID of a file that is new in the package at this path."""
    return hashlib.sha256(f"segue unity package: {name}".encode()).hexdigest()[:32]


def new_meta(asset: Path) -> str:
    """The text of an asset's `.meta`, with a GUID made from its path."""
    guid = guid_of(asset.relative_to(PACKAGE).as_posix())
    importer = _IMPORTERS.get(asset.name) or _IMPORTERS.get(asset.suffix, "DefaultImporter")
    lines = ["fileFormatVersion: 2", f"guid: {guid}", *(["folderAsset: yes"] if asset.is_dir() else [])]
    fields = _SCRIPT_FIELDS if importer == "MonoImporter" else "  externalObjects: {}\n"
    ending = "  userData: \n  assetBundleName: \n  assetBundleVariant: \n"
    return "\n".join([*lines, f"{importer}:\n"]) + fields + ending


def missing() -> list[Path]:
    """The assets without a `.meta`."""
    return [asset for asset in assets() if not meta_of(asset).exists()]


def left_over() -> list[Path]:
    """The `.meta` files without an asset."""
    known = {meta_of(asset) for asset in assets()}
    return sorted(meta for meta in PACKAGE.rglob("*.meta") if meta not in known)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write what is missing and remove what is left over")
    if parser.parse_args().write:
        for asset in missing():
            meta_of(asset).write_text(new_meta(asset))
        for meta in left_over():
            meta.unlink()
    wrong = [f"{asset}: expected a .meta beside it" for asset in missing()]
    wrong += [f"{meta}: expected the file that it describes" for meta in left_over()]
    print("\n".join(wrong or ["every file of the package has its .meta"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
