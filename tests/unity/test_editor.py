"""The editor tools: what they know and decide, and a user at their windows, on stand-ins for Unity's editor."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from service.process import ServiceProcess
from service.programs import SERVICE, program
from unity.build import PACKAGE, ROOT
from unity.metas import meta_of
from unity.probe import run

pytestmark = pytest.mark.heavy

MEADOW: Final = """\
segue: 1
title: Meadow
inputs:
  danger: {type: number, range: [0, 1], default: 0.2}
  place: {type: choice, of: [meadow, cave]}
  lit: {type: flag}
  won: {type: trigger}
styles:
  calm: {text: "calm meadow, flute"}
  fight: {text: "battle drums"}
layers:
  action:
    states:
      rest: {default: true, mix: {calm: 1}}
      fight: {when: {danger: {enter: ">= 0.6", exit: "< 0.4"}}, mix: {fight: 1}}
  where:
    states:
      out: {default: true}
      in: {when: {place: cave, lit: false}, mix: {calm: 1}}
stingers:
  fanfare: {trigger: won, mix: {fight: 1}, time: 2s}
"""
RULES_GUID: Final = "0123456789abcdef0123456789abcdef"
SCRIPT_GUID: Final = "fedcba9876543210fedcba9876543210"


def guid_of(script: str) -> str:
    """The GUID of a script of the package."""
    (found,) = re.findall(r"^guid: (\w+)$", meta_of(PACKAGE / script).read_text(), re.MULTILINE)
    return str(found)


def behaviour(guid: str, *fields: str) -> str:
    """An object of a scene, as Unity writes it."""
    lines = "".join(f"  {field}\n" for field in fields)
    script = f"{{fileID: 11500000, guid: {guid}, type: 3}}"
    return f"--- !u!114 &{len(guid + lines)}\nMonoBehaviour:\n  m_Script: {script}\n{lines}"


def scene(*behaviours: str) -> str:
    return "%YAML 1.1\n%TAG !u! tag:unity3d.com,2011:\n" + "".join(behaviours)


def soundtrack(*, rules: str = RULES_GUID, service: int = 0, bed: str = "", rules_file: str = "") -> str:
    """A SegueSoundtrack in a scene."""
    asset = f"{{fileID: 4900000, guid: {rules}, type: 3}}" if rules else "{fileID: 0}"
    clip = f"{{fileID: 8300000, guid: {bed}, type: 3}}" if bed else "{fileID: 0}"
    settings = (f"  service: {service}", f"  rules: {asset}", f"  rulesFile: {rules_file}")
    return behaviour(
        guid_of("Runtime/Components/SegueSoundtrack.cs"), "settings:", *settings, "bed:", f"  clip: {clip}"
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one rule file, a scene, a prefab and a script that name what the rules declare, and a bundle."""
    folder = tmp_path / "project"
    music = folder / "Assets/Music"
    music.mkdir(parents=True)
    (music / "meadow.yaml").write_text(MEADOW)
    zone, binding, trigger = (guid_of(f"Runtime/Components/Segue{name}.cs") for name in ("Zone", "Binding", "Trigger"))
    clicked = (
        "m_OnClick:",
        "  m_PersistentCalls:",
        "    m_Calls:",
        "    - m_Target: {fileID: 5}",
        "      m_MethodName: FireTrigger",
        "      m_Arguments:",
        "        m_StringArgument: won",
    )
    (folder / "Assets/Main.unity").write_text(
        scene(
            behaviour(zone, "input: dangre", "value: 1"),
            behaviour(binding, "input: danger", "isMapped: 0"),
            behaviour(trigger, "trigger: 'won'"),
            behaviour("a" * 32, *clicked),
            behaviour(SCRIPT_GUID, "other: dangre", "music: dangre"),
            behaviour("b" * 32, "input: dangre"),
        )
    )
    instance = (
        "--- !u!1001 &7\nPrefabInstance:\n  m_Modification:\n    m_Modifications:\n"
        f"    - target: {{fileID: 9, guid: {'c' * 32}, type: 3}}\n      propertyPath: input\n      value: dangre\n"
    )
    (folder / "Assets/Music.prefab").write_text(scene(soundtrack(), instance))
    (folder / "Assets/Hero.cs").write_text(
        "using Segue;\npublic class Hero : UnityEngine.MonoBehaviour\n{\n"
        "    [SegueInput] public string music;\n    public SegueSoundtrack soundtrack;\n"
        '    void Hit() { soundtrack.SetInput("dangre", 1); soundtrack.Fire("wonn"); }\n'
        '    void In() => soundtrack.ClaimInput(this, "place", "cave");\n}\n'
    )
    (folder / "Assets/Hero.cs.meta").write_text(f"fileFormatVersion: 2\nguid: {SCRIPT_GUID}\n")
    # Names in code that has nothing to do with the music.
    (folder / "Assets/Other.cs").write_text('class Other { void Do(Gun gun) => gun.Fire("blank"); }\n')
    (folder / "Assets/Names.cs").write_text('// Segue\nclass Names { void X() => Fire("generated"); }\n')
    (folder / "segue-service/_internal").mkdir(parents=True)
    (folder / "segue-service/_internal/library").write_text("a library")
    program(folder / "segue-service", "segue", SERVICE, mode=0o644)
    (folder / "segue-service/loop").symlink_to(".")
    return folder


def logic(runtime: str, project: Path, name: str, **case: Any) -> Any:
    service = str(program(project.parent, "service", SERVICE))
    return run(
        runtime, "editor logic", {"run": name, "project": str(project), "program": service, **case}, project.parent
    )


def test_declarations_are_known_without_a_service_that_runs(runtime: str, project: Path) -> None:
    music = project / "Assets/Music"
    (music / "meadow.test.yaml").write_text("segue: 1\n")
    (music / "notes.yaml").write_text("notes: 1\n")
    (music / "Hidden~").mkdir()
    (music / "Hidden~/x.yaml").write_text(MEADOW)
    (music / "up").symlink_to("..")
    seen = logic(runtime, project, "declarations")
    assert seen["unknown"] == 0
    assert seen["files"] == seen["paths"] == ["Assets/Music/meadow.yaml"]
    assert seen["inputs"] == seen["again"] == seen["kept"] == ["danger", "place", "lit"]
    assert seen["triggers"] == ["won"]
    assert seen["layers"] == ["action", "where"]
    assert seen["states"] == ["rest", "fight"]
    assert seen["values"] == ["meadow", "cave"]
    assert seen["fitting"] == ["danger", "Anger"]
    assert seen["all"] == ["danger", "place"]
    names = ["", "", "unknown; did you mean 'danger'?", "unknown", "unknown; did you mean 'fight'?"]
    values = ["", "expected 0 to 1", "expected 0 to 1", "expected true or false", "unknown; did you mean 'cave'?", ""]
    assert seen["faults"] == [*names, *values]
    assert seen["place"] == "Assets/Music/meadow.yaml:4:3"
    assert seen["nowhere"] == ""
    assert seen["told"] == []
    assert not seen["busy"]
    assert seen["files that are none"] == [
        "",
        "",
        "there is no such file; did you mean 'Assets/Music/meadow.yaml'?",
        "no rule file: those have the line 'segue: 1', and neither tests nor events",
    ]
    assert seen["mistake"].startswith("Assets/Music/meadow.yaml:")
    assert seen["no service"] == "'/bin/true' cannot describe the rule files"
    assert seen["after"] == 1
    assert "'/no/such/program' cannot be run" in seen["no program"]
    assert seen["mended"] == ""


CONSTANTS: Final = """\
// Generated by Segue from the rule files. Changes are lost.
public static class MusicNames
{
    public static class Inputs
    {
        public const string Danger = "danger";
        public const string Place = "place";
        public const string Lit = "lit";
    }

    public static class Triggers
    {
        public const string Won = "won";
    }

    public static class PlaceValues
    {
        public const string Meadow = "meadow";
        public const string Cave = "cave";
    }

    public static class Layers
    {
        public const string Action = "action";
        public const string Where = "where";
    }

    public static class ActionStates
    {
        public const string Rest = "rest";
        public const string Fight = "fight";
    }

    public static class WhereStates
    {
        public const string Out = "out";
        public const string In = "in";
    }
}
"""


def test_constants_have_names_that_the_compiler_takes(runtime: str, project: Path) -> None:
    # No identifier begins with a digit, none comes twice, and a member must not have the name of its class.
    identifiers = {"boss_dead": "BossDead", "2nd": "_2nd", "a_b": "AB", "aB": "AB_2", "taken": "Taken_2", "": "_"}
    case = {"class": "MusicNames", "names": list(identifiers)}
    assert logic(runtime, project, "constants", **case) == [CONSTANTS, list(identifiers.values())]


def test_uses_of_names_are_found_and_renamed(runtime: str, project: Path) -> None:
    before = {path.relative_to(project).as_posix(): path.read_text() for path in (project / "Assets").glob("*.*")}
    seen = logic(runtime, project, "uses", **{"from": "dangre", "to": "danger"})
    found = {re.sub(r":\d+ ", " ", use) for use in seen["all"]}
    assert found == {
        "Assets/Main.unity Input dangre",
        "Assets/Main.unity Input danger",
        "Assets/Main.unity Trigger won",
        "Assets/Music.prefab Input dangre",
        "Assets/Hero.cs Input dangre",
        "Assets/Hero.cs Input place",
        "Assets/Hero.cs Trigger wonn",
    }
    assert len(seen["all"]) == 9
    for use in seen["all"]:
        file, line = re.fullmatch(r"(.+):(\d+) \w+ \w+", use).groups()  # type: ignore[union-attr]
        assert use.split()[-1] in before[file].splitlines()[int(line) - 1]
    assert sorted(seen["unknown"]) == ["dangre"] * 4 + ["wonn"]
    assert sorted(seen["changed"]) == ["Assets/Hero.cs", "Assets/Main.unity", "Assets/Music.prefab"]
    assert "the file has changed meanwhile" in seen["again"]
    assert seen["after"] == ["wonn"]
    # Fields of other scripts stay, and so does the rest of each file.
    text = (project / "Assets/Main.unity").read_text()
    assert text.count("input: dangre") == 1
    assert "other: dangre" in text
    assert "  input: danger\n  value: 1\n" in text
    assert 'SetInput("danger", 1)' in (project / "Assets/Hero.cs").read_text()


def plan(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": name,
        "system": "Linux",
        "platform": name,
        "il2cpp": False,
        "rate": 48_000,
        "built": "Build/Game",
        **fields,
    }


def test_a_build_is_told_what_it_lacks(runtime: str, project: Path) -> None:
    assets = project / "Assets"
    (assets / "StreamingAssets").mkdir()
    (assets / "StreamingAssets/there.yaml").write_text(MEADOW)
    (assets / "Music/parts.yaml").write_text(
        "segue: 1\ninclude: [styles.yaml]\n"
        + MEADOW.partition("\n")[2].replace('styles:\n  calm: {text: "calm meadow, flute"}\n', "styles:\n")
    )
    (assets / "Music/styles.yaml").write_text('segue: 1\nstyles:\n  calm: {text: "calm meadow, flute"}\n')
    (assets / "Music/wrong.yaml").write_text(MEADOW.replace("mix: {fight: 1}}\n  where", "mix: {fihgt: 1}}\n  where"))
    scenes = {
        "good": soundtrack(bed="d" * 32),
        "silent": soundtrack(),
        "connects": soundtrack(rules="", service=1),
        "no rules": soundtrack(rules=""),
        "gone": soundtrack(rules="e" * 32, bed="d" * 32),
        "parts": soundtrack(rules="1" * 32, bed="d" * 32),
        "wrong": soundtrack(rules="2" * 32, bed="d" * 32),
        "file": soundtrack(rules="", rules_file="there.yaml", bed="d" * 32),
        "no file": soundtrack(rules="", rules_file="absent.yaml", bed="d" * 32),
    }
    for name, text in scenes.items():
        (assets / f"{name}.unity").write_text(scene(text))
    plans = [
        plan("StandaloneLinux64"),
        plan("StandaloneWindows64", system="Windows", rate=0, built="Build/Game.exe"),
        plan("StandaloneOSX", system="MacOS", built="Build/Game.app"),
        plan("WebGL", system="Other", built="Build/web"),
        plan("IL2CPP", il2cpp=True),
    ]
    (project / "segue-service/macos").mkdir()
    (project / "segue-service/macos/segue").touch()
    guids = {
        RULES_GUID: "Assets/Music/meadow.yaml",
        "1" * 32: "Assets/Music/parts.yaml",
        "2" * 32: "Assets/Music/wrong.yaml",
    }
    case = {"plans": plans, "guids": guids, "scenes": [f"Assets/{name}.unity" for name in scenes]}
    seen = logic(runtime, project, "builds", **case)
    of_rules = {
        "Assets/no rules.unity: a soundtrack has no rules: drag a .yaml file to its Rules",
        "Assets/gone.unity: the rules of a soundtrack are missing in the project",
        "Assets/Music/parts.yaml: a built game does not find the files that it includes or plays: put all into"
        " Assets/StreamingAssets, and the name into Rules File",
        "Assets/StreamingAssets/absent.yaml: there is no such file; did you mean 'Assets/StreamingAssets/there.yaml'?",
    }

    def told(name: str) -> set[str]:
        warnings = set(seen[name]["warnings"])
        assert len(warnings) == len(seen[name]["warnings"])
        (mistake,) = (warning for warning in warnings if "unknown style 'fihgt'" in warning)
        assert mistake.startswith("Assets/Music/wrong.yaml:")
        assert of_rules < warnings
        return warnings - of_rules - {mistake}

    assert told("StandaloneLinux64") == set()
    assert told("StandaloneOSX") == set()
    assert told("StandaloneWindows64") == {
        "the project setting Audio > System Sample Rate is not 48000: the window Segue sets it with one click",
        "no service for StandaloneWindows64 in segue-service: run 'make bundle' there, or the game plays no music",
    }
    silent = "a soundtrack starts a service, which it cannot on"
    web, il2cpp = (f"{silent} {name}, and has no bed: it is silent" for name in ("WebGL", "IL2CPP with IL2CPP"))
    assert told("WebGL") == {
        "no service can be put beside a game for WebGL: it connects, or plays its bed",
        *(f"Assets/{name}.unity: {web}" for name in ("silent", "no rules")),
    }
    assert told("IL2CPP") == {
        "a game built with IL2CPP cannot start a service: choose the scripting backend Mono, or it connects, or plays"
        " its bed",
        *(f"Assets/{name}.unity: {il2cpp}" for name in ("silent", "no rules")),
    }
    assert [seen[each["name"]]["bundle"] for each in plans] == [
        "segue-service",
        "",
        "segue-service/macos",
        "",
        "segue-service",
    ]
    assert [seen[each["name"]]["place"] for each in plans[:3]] == [
        "Build/segue",
        "Build/segue",
        "Build/Game.app/Contents/Resources/segue",
    ]
    # The copy has the permission that the bundle has lost.
    assert os.access(project / "Build/segue/segue", os.X_OK)
    assert (project / "Build/segue/_internal/library").read_text() == "a library"
    assert not (project / "Build/segue/loop").exists()
    assert seen["left out"] == [f"{project}/segue-service/loop is a link to a folder, and not copied"]


def test_the_scripts_are_known_by_the_guids_beside_them() -> None:
    table = (PACKAGE / "Editor/Core/ScriptGuids.cs").read_text()
    named = dict(re.findall(r'const string (\w+) = "(\w+)";', table))
    assert len(named) == 6
    for name, guid in named.items():
        (script,) = PACKAGE.rglob(f"Segue{name}.cs")
        assert guid_of(script.relative_to(PACKAGE).as_posix()) == guid, name


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with ServiceProcess(
        tmp_path_factory.mktemp("service"), str(ROOT / "tests/service/calm.yaml"), "--no-reload"
    ) as started:
        yield started


def test_a_user_sets_a_project_up_plays_renames_and_builds(
    runtime: str, project: Path, service: ServiceProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "segue-service").rename(project / "bundle")
    # No other program counts.
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    chosen = program(project.parent, "service", SERVICE)
    case = {
        "project": str(project),
        "program": str(chosen),
        "text": MEADOW,
        "address": service.address,
        "guid": RULES_GUID,
    }
    seen = run(runtime, "editor tools", case, project.parent)
    *others, rules, no_soundtrack, made, gone = seen["steps"]
    assert others == [True, True, True, 48_000, True]
    assert rules == ["Assets/Soundtrack.yaml"]
    assert [no_soundtrack, made, gone] == [True, True, True]

    for line in ("Rules", "Edit", "Play", "stopped", "danger", "place", "lit", "won", "Fire"):
        assert line in seen["window"], line
    for line in ("action: fight", "mix: fight 100 %", "action: rest → fight  danger is 0.9 (enter >= 0.6 is met)"):
        assert line in seen["playing"].splitlines()
    for words in (r"buffer \d+\.\d s, underruns \d+", r"from an input to its sound: \d+ ms"):
        assert re.search(words, seen["playing"]), words
    # Nobody asks the speaker for music: that is said, and states go on. Then somebody does.
    assert seen["audition"] == [True, True, True]
    assert seen["heard"]
    assert seen["ended by play mode"]
    assert f"open {'Assets/Music/meadow.yaml'}:1:1" in seen["opened"]
    assert "open Assets/Music/meadow.yaml:4:3" in seen["opened"]

    assert seen["drawer"] == [
        "Warning: unknown; did you mean 'danger'?",
        "place",
        "Warning: unknown; did you mean 'cave'?",
        "cave",
        "",
        "open Assets/Music/meadow.yaml:5:3",
        "Error: [SegueInput] expects a field of the type string",
    ]
    assert seen["rules drawer"][:2] == ["", "open Assets/Music/meadow.yaml:1:1"]
    assert seen["rules drawer"][2].startswith("Warning: there is no such file")
    assert seen["game"] == [True, True, True]
    assert len(seen["unknown"]) == 5
    assert seen["asked"] == "Write 'danger' for 'dangre' in 4 places? It cannot be undone."
    assert seen["renamed"]
    assert not seen["all known"]
    assert seen["page"] == ["Project/Segue", True, True]
    assert seen["constants"] == CONSTANTS
    assert seen["build"] == [f"warning: Segue: {project}/bundle/loop is a link to a folder, and not copied"]
    assert os.access(project / "Build/segue/segue", os.X_OK)
    assert seen["logged"] == []
