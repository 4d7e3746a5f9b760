"""The package as Unity's package manager reads it: its manifest, and a `.meta` with its own GUID for every file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest

from segue import __version__
from segue.cli.main import main
from unity.build import (
    ROOT,
    component_sources,
    core_sources,
    editor_core_sources,
    editor_sources,
    timeline_sources,
)
from unity.metas import PACKAGE, assets, guid_of, left_over, meta_of, missing
from unity.pages import DOCUMENTATION, blocks

pytestmark = pytest.mark.heavy

_GUID: Final = re.compile(r"^guid: ([0-9a-f]{32})$", re.MULTILINE)
# A type of a namespace, with the comment and the attributes above it.
_STAND_IN: Final = re.compile(
    r"((?:^    (?:///|\[).*\n)*)^    public (?:\w+ )*(?:class|struct|enum|interface|delegate void) (\w+)", re.MULTILINE
)
# What IL2CPP cannot do, or does badly.
_FORBIDDEN: Final = ("System.Reflection", "dynamic ", "Activator.", "Emit(", "unsafe ")


def test_every_visible_file_has_a_meta_and_no_meta_is_left_over() -> None:
    assert len(assets()) > 20
    assert missing() == []
    assert left_over() == []


def test_every_guid_is_well_formed_and_unique() -> None:
    guids = [_GUID.findall(meta_of(asset).read_text()) for asset in assets()]
    assert all(len(found) == 1 for found in guids)
    assert len({found[0] for found in guids}) == len(guids)


def test_no_guid_has_changed_since_its_file_was_new() -> None:
    # Scenes of users name scripts by them. A file that is renamed keeps its own: it is listed here with its first name.
    renamed: dict[str, str] = {}
    for asset in assets():
        name = asset.relative_to(PACKAGE).as_posix()
        assert _GUID.findall(meta_of(asset).read_text()) == [guid_of(renamed.get(name, name))], name


def test_every_stand_in_names_its_page_of_the_manual() -> None:
    files = sorted((ROOT / "tests/unity/engine").glob("*.cs"))
    found = 0
    for file in files:
        text = file.read_text()
        above = text.partition("#nullable")[0]
        assert "https://docs.unity3d.com/" in above, file
        for summary, name in _STAND_IN.findall(text):
            found += 1
            # What drives the stand-ins is ours, and says so.
            is_named = re.search(rf"\b{name.removesuffix('Attribute')}(Attribute)?(_\d)?\b", above + summary)
            assert is_named or "for tests" in summary, (file, name)
    assert found > 100


def test_the_manifest_is_that_of_this_version() -> None:
    manifest = json.loads((PACKAGE / "package.json").read_text())
    assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+){2,}", manifest["name"])
    assert manifest["version"] == __version__
    # Nothing but modules of the engine itself, which a project may have switched off.
    assert all(name.startswith("com.unity.modules.") for name in manifest["dependencies"])
    assert (PACKAGE / "LICENSE.md").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_package_manager_finds_its_pages_and_samples() -> None:
    # Without addresses in the manifest, the links of the package manager open these.
    for page in ("README.md", "CHANGELOG.md", "LICENSE.md", "Documentation~/index.md"):
        assert (PACKAGE / page).exists(), page
    samples = json.loads((PACKAGE / "package.json").read_text())["samples"]
    folders = [f"Samples~/{each.name}" for each in (PACKAGE / "Samples~").iterdir()]
    assert sorted(sample["path"] for sample in samples) == sorted(folders)
    for sample in samples:
        assert sample["displayName"]
        assert sample["description"]
        assert list((PACKAGE / sample["path"]).glob("*.cs"))


def test_the_rules_that_a_newcomer_copies_are_good(tmp_path: Path) -> None:
    (block,) = blocks(DOCUMENTATION, "yaml")
    rules = tmp_path / "Soundtrack.yaml"
    rules.write_text(block)
    samples = [str(path) for path in (PACKAGE / "Samples~").rglob("*.yaml")]
    assert main(["check", "--strict", str(rules), *samples]) == 0


def test_the_pages_name_every_component_and_what_is_not_run() -> None:
    components = {path.stem for path in component_sources() if "MonoBehaviour" in path.read_text()}
    # A part of another file's class, and what only the editor's window uses.
    components -= {"SegueSoundtrackEvents", "EditorSpeaker"}
    assert len(components) >= 6
    for page in ("README.md", "Documentation~/index.md"):
        text = (PACKAGE / page).read_text()
        assert {name for name in components if f"`{name}`" not in text} == set(), page
        for platform in ("Unity's editor", "IL2CPP", "console", "web"):
            assert platform.lower() in text.lower(), (page, platform)


def test_a_component_has_the_name_of_its_file() -> None:
    # Unity finds a component's script by this.
    for path in component_sources():
        for name in re.findall(r"class (\w+) : MonoBehaviour", path.read_text()):
            assert name == path.stem


def test_editor_tools_are_not_in_games_and_tracks_only_where_timeline_is() -> None:
    for name in ("Core/Segue.Editor.Core", "Tools/Segue.Editor"):
        settings = json.loads((PACKAGE / f"Editor/{name}.asmdef").read_text())
        assert settings["includePlatforms"] == ["Editor"]
        assert settings["noEngineReferences"] == (name == "Core/Segue.Editor.Core")
    tracks = json.loads((PACKAGE / "Runtime/Timeline/Segue.Timeline.asmdef").read_text())
    (version,) = tracks["versionDefines"]
    assert version["name"] == "com.unity.timeline"
    assert tracks["defineConstraints"] == [version["define"]]
    # Elsewhere nothing asks for the package.
    for source in (*component_sources(), *editor_sources()):
        assert "UnityEngine.Timeline" not in source.read_text(), source


def test_a_sample_brings_the_metas_of_its_files() -> None:
    in_samples = [asset for asset in assets() if "Samples~" in asset.parts]
    assert {asset.suffix for asset in in_samples} == {".cs", ".md", ".yaml"}
    assert len(in_samples) == 9


def test_the_core_needs_no_engine_and_no_reflection() -> None:
    settings = json.loads((PACKAGE / "Runtime/Core/Segue.Core.asmdef").read_text())
    assert settings["noEngineReferences"]
    assert settings["references"] == settings["precompiledReferences"] == []
    assert not settings["allowUnsafeCode"]
    components = json.loads((PACKAGE / "Runtime/Components/Segue.Components.asmdef").read_text())
    assert components["references"] == ["Segue.Core"]
    for source in (*core_sources(), *editor_core_sources()):
        assert "UnityEngine" not in source.read_text(), source
    for source in (
        *core_sources(),
        *component_sources(),
        *timeline_sources(),
        *editor_core_sources(),
        *editor_sources(),
    ):
        assert not [word for word in _FORBIDDEN if word in source.read_text()], source
