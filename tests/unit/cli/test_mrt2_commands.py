"""Commands with a model as their generator, at reduced sizes: preview, its recordings, and check."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from contract.generators import mrt1_model, mrt2_model
from segue.cli import play, serve
from segue.cli.main import main
from segue.contract import GeneratorError, Samples
from segue.render.result import preview
from segue.service.settings.configuration import ConfigError, ServiceConfig, add_arguments, configure

RULES = """\
segue: 1
title: Two styles
music: {key: D minor, drums: "on"}
inputs: {threat: {type: number, range: [0, 1]}}
styles: {calm: {text: "a calm lake"}, fight: {text: "battle drums"}}
themes: {hero: {notes: "D4 E4 F4 A4"}}
layers:
  place:
    theme: hero
    states:
      lake: {default: true, mix: {calm: 1}}
      war: {when: {threat: ">= 0.5"}, mix: {fight: 1}, music: {tempo: 140bpm, temperature: 1.2}}
"""
NOISE = "mrt2_tiny has made-up weights: it plays noise, not music\n"


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a rule file, in a place where the models are reduced ones."""
    monkeypatch.setattr("segue.model.mrt2_parts.noise_model", lambda name, *, recording: mrt2_model())
    monkeypatch.setattr("segue.model.mrt1.parts.noise_model", lambda name, *, recording: mrt1_model())
    path = tmp_path / "song.yaml"
    path.write_text(RULES, "utf-8")
    return path


def noise(rules: Path, output: str, *flags: str, generator: str = "mrt2_small") -> list[str]:
    chosen = ["--generator", generator, "--weights", "random", "--quiet"]
    return ["preview", str(rules), *chosen, "-o", str(rules.parent / output), *flags]


@pytest.mark.parametrize("generator", ["mrt2_small", "mrt1_base"])
def test_a_preview_says_that_it_is_noise_and_a_recording_gives_its_bytes_again(
    rules: Path, capsys: pytest.CaptureFixture[str], generator: str
) -> None:
    script, record = rules.parent / "song.events.yaml", rules.parent / "song.jsonl"
    script.write_text("- {at: 0.5s, set: {threat: 1}}\n", "utf-8")
    live_flags = ("--live", "--duration", "2s", "--record", str(record))
    assert main(noise(rules, "live.wav", *live_flags, generator=generator)) == 0
    assert capsys.readouterr().err == NOISE.replace("mrt2", generator[:4])
    assert main(noise(rules, "again.wav", "--recording", str(record), generator=generator)) == 0
    live, again = ((rules.parent / name).read_bytes() for name in ("live.wav", "again.wav"))
    assert live == again
    samples, _ = soundfile.read(rules.parent / "live.wav")
    assert len(samples) >= 2 * 48_000
    assert samples.std() > 0.001


def test_a_preview_passes_the_recording_that_it_continues(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recordings: list[Samples] = []

    def made(name: str, *, recording: Samples) -> Any:
        recordings.append(recording)
        return mrt2_model()

    monkeypatch.setattr("segue.model.mrt2_parts.noise_model", made)
    path = rules.parent / "theme.wav"
    soundfile.write(path, np.full((24_000, 1), 0.25), 24_000)
    assert main(noise(rules, "on.wav", "--continue-from", str(path), "--duration", "0.4s")) == 0
    assert recordings[0].shape == (48_000, 2)
    before = path.read_bytes()
    assert main(noise(rules, "theme.wav", "--continue-from", str(path), "--duration", "0.4s")) == 2
    assert path.read_bytes() == before


@pytest.mark.parametrize("flag", ["--stems", "--midi"])
def test_a_model_without_notes_writes_no_stems_and_no_midi(
    rules: Path, flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(noise(rules, "x.wav", flag, str(rules.parent / "x.mid"))) == 2
    assert capsys.readouterr().err == f"{flag}: the generator mrt2_small has no notes, only sound\n"


def test_a_preview_in_memory_plays_a_model(rules: Path) -> None:
    made = preview(rules, generator="mrt2_small", weights="random", duration_s=0.4, events=[])
    assert made.audio.shape == (19_200, 2)
    assert made.audio.std() > 0.001
    assert made.warnings[0] == NOISE.rstrip()
    with pytest.raises(GeneratorError, match="the generator mrt2_tiny has no stems, only sound"):
        made.stems()


def test_check_says_what_a_generator_ignores(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(rules)]) == 0
    assert "ignores" not in capsys.readouterr().out
    assert main(["check", str(rules), "--generator", "mrt2_small"]) == 0
    printed = capsys.readouterr()
    assert "mrt2_small: beats are nominal: " in printed.out
    assert [line for line in printed.err.splitlines() if "mrt2_small" in line] == [
        f"{rules}:3:8: warning: music: the generator mrt2_small ignores key",
        f'{rules}:6:10: warning: theme "hero": the generator mrt2_small plays no themes',
        f'{rules}:12:63: warning: layer "place", state "war": the generator mrt2_small ignores tempo',
    ]


def test_play_starts_its_service_with_the_model() -> None:
    parser = argparse.ArgumentParser()
    play.add_arguments(parser)
    chosen = parser.parse_args(
        ["x.yaml", "--generator", "mrt2_small", "--weights", "random", "--continue-from", "a.wav"]
    )
    expected = ["--generator", "mrt2_small", "--weights", "random", "--continue-from", "a.wav"]
    assert play._options(chosen) == expected
    remote = parser.parse_args(["x", "--connect", "tcp://127.0.0.1:1", "--weights", "random"])
    assert play._contradiction(remote) == "--weights belongs to the service; it cannot be chosen with --connect"
    remote = parser.parse_args(["x", "--connect", "tcp://127.0.0.1:1", "--continue-from", "a.wav"])
    assert play._contradiction(remote) == "--continue-from belongs to the service; it cannot be chosen with --connect"


def test_a_service_plays_the_model_and_warns_of_noise(rules: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = ServiceConfig(generator="mrt2_small", weights="random", generation_processes=2)
    chain = serve.built_generators(config)
    assert [generator.name for generator in chain.generators] == ["mrt2_tiny", "score"]
    assert [record.getMessage() for record in caplog.records] == [NOISE.rstrip()]


def test_a_service_of_workers_plays_no_language_model(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["serve", str(rules), "--generator", "mrt2_small", "--weights", "random", "--workers", "2"]
    assert main(arguments) == 2
    text = "expected 0 with the generator mrt2_small: one process computes all its sessions together; got 2"
    assert f"--workers: {text}\n" in capsys.readouterr().err


def test_the_setting_of_a_recording_to_continue_is_a_file_that_is_there(tmp_path: Path) -> None:
    file, sound = tmp_path / "segue.yaml", tmp_path / "theme.wav"
    file.write_text("continue_from: theme.wav\n", "utf-8")
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(ConfigError, match=r"expected a file at 'theme\.wav', got none"):
        configure(parser.parse_args(["--config", str(file)]), {})
    sound.write_bytes(b"")
    config, _ = configure(parser.parse_args(["--config", str(file)]), {})
    assert config.continue_from == sound


def test_the_setting_of_weights_is_a_path_or_random(tmp_path: Path) -> None:
    file = tmp_path / "segue.yaml"
    for written, expected in (("random", "random"), ("small.safetensors", str(tmp_path / "small.safetensors"))):
        file.write_text(f"weights: {written}\n", "utf-8")
        parser = argparse.ArgumentParser()
        add_arguments(parser)
        config, _ = configure(parser.parse_args(["--config", str(file)]), {})
        assert config.weights == expected
