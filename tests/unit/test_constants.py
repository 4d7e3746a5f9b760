"""Packages that may not import each other have copies of the same constants. Each copy equals its source."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import pytest

from segue import contract, generators
from segue.audio import effects
from segue.cli import arguments
from segue.cli.bench import reaction
from segue.model import generator as model_generator
from segue.model import mrt2
from segue.model.history import FIELDS
from segue.render import request
from segue.report import reactions
from segue.runtime import clip_mixer, snapshot, stinger_placement
from segue.score.generator import ScoreGenerator
from segue.service.settings import kinds
from segue.service.settings.table import Settings
from segue_rules import controls, model, plan
from segue_rules.director import plain_data
from segue_rules.loading import limits as rule_limits
from segue_sdk import fields, limits, messages

NUMBER_CONTROLS = [control for control in controls.CONTROLS if isinstance(control, controls.NumberControl)]


@pytest.mark.parametrize(
    ("copy", "source"),
    [
        (contract.SAMPLE_RATE, model.SAMPLE_RATE),
        (contract.FRAME_SIZE, model.FRAME_SIZE),
        (contract.FRAME_RATE, model.FRAME_RATE),
        (contract.TICKS_PER_BEAT, plan.TICKS_PER_BEAT),
        (contract.MODES, controls.MODES),
        (effects.OFF._asdict(), {effect.field: effect.default for effect in controls.EFFECTS}),
        (effects.BOUNDS, tuple((effect.low, effect.high) for effect in controls.EFFECTS)),
        (limits.SAMPLE_RATE, contract.SAMPLE_RATE),
        (limits.FRAME_SIZE, contract.FRAME_SIZE),
        (limits.CHANNELS, contract.CHANNELS),
        (limits.SILENT_DB, controls.SILENCE_DB),
        (limits.LARGEST_INTEGER, plain_data.LARGEST_INTEGER),
        (limits.MOST_INPUTS, rule_limits.MOST_INPUTS),
        (limits.MOST_CHOICES, rule_limits.MOST_CHOICES),
        (limits.MOST_STYLES, rule_limits.MOST_STYLES),
        (limits.MOST_LAYERS, rule_limits.MOST_LAYERS),
        (limits.MOST_STATES, rule_limits.MOST_STATES),
        (limits.MOST_STINGERS, rule_limits.MOST_STINGERS),
        (limits.MOST_CLIPS, rule_limits.MOST_STATE_CLIPS),
        (limits.CELL_BYTES, snapshot.CELL_BYTES),
        (limits.BLOB_BYTES, snapshot.BLOB_BYTES),
        (limits.PASSWORD_BYTES, kinds.LONGEST_TOKEN),
        (request.FAMILIES, contract.FAMILIES),
        (request.CLIP_STEM, clip_mixer.STEM),
        (generators.GeneratorSpec.lookahead_s, (contract.SHORTEST_LOOKAHEAD_S, contract.LONGEST_LOOKAHEAD_S)),
        (limits.LONGEST_CHUNK, contract.LONGEST_CHUNK_FRAMES * contract.FRAME_SIZE),
        (limits.JOIN, contract.JOIN_SAMPLES),
        (limits.FADE, contract.FADE_SAMPLES),
        (limits.MOST_PLAYING, stinger_placement.MOST_PLAYING),
        (limits.PRE_ROLL, round(contract.PRE_ROLL_S * contract.SAMPLE_RATE)),
        # The bench plays no clips, and a change at a cue counts as one at a bar.
        ((*reaction.UNITS, "cue"), typing.get_args(typing.get_type_hints(model.At)["unit"])),
        (reactions.SYNC_POINTS, reaction.UNITS),
        (arguments._MAX_SEED, model.LARGEST_SEED),
        (generators.GENERATORS["score"].controls, ScoreGenerator.controls),
        (generators.GENERATORS["language-model"].controls, model_generator.OBEYED),
        (generators.GENERATORS["mrt2_small"].controls, mrt2.OBEYED),
        (generators.GENERATORS["mrt2_base"].controls, mrt2.OBEYED),
    ],
)
def test_a_copy_equals_its_source(copy: object, source: object) -> None:
    assert copy == source


def test_a_frame_at_a_tempo_of_b_milli_bpm_lasts_b_ticks() -> None:
    frames_a_minute = 60 * model.FRAME_RATE
    assert frames_a_minute * 1000 == plan.TICKS_PER_BEAT


def test_note_families_are_those_of_the_contract() -> None:
    names = ", ".join(contract.FAMILIES[:-1]) + f" or {contract.FAMILIES[-1]}"
    assert f"family: The stem it belongs to: {names}." in (contract.NoteEvent.__doc__ or "")


# --- the table of controls ------------------------------------------------------------------------------------------


def obeyed_by(stage: str) -> set[str]:
    return {control.name for control in controls.CONTROLS if stage in control.obeyed_by}


def test_the_table_names_what_each_generator_obeys() -> None:
    assert obeyed_by("score") == ScoreGenerator.controls - {"fills"}
    assert obeyed_by("model") == model_generator.OBEYED
    assert obeyed_by("mastering") == {"gain", "low_pass", "high_pass", "reverb", "width", "pan"}


def test_every_control_is_a_field_of_the_rules_in_the_order_of_the_plan() -> None:
    names = [control.field for control in controls.CONTROLS]
    assert names == [name for name in model.Music.__dataclass_fields__ if name != "mark"]
    for control in controls.CONTROLS:
        default = getattr(model.DEFAULT_MUSIC, control.field)
        assert default == (controls.AUTO if getattr(control, "auto", False) else control.default), control.name


@pytest.mark.parametrize("control", NUMBER_CONTROLS, ids=lambda control: str(control.name))
def test_a_packed_history_of_the_model_can_hold_every_value(control: controls.NumberControl) -> None:
    if control.field in FIELDS:
        _, low, high = FIELDS[control.field]
        assert low <= control.low <= control.default <= control.high <= high


def annotations(record: type, field: str) -> Iterator[Any]:
    yield from typing.get_type_hints(record, include_extras=True)[field].__metadata__


def test_messages_of_the_protocol_have_the_bounds_of_the_controls() -> None:
    volume = next(kind for kind in annotations(messages.Control, "gain_db") if isinstance(kind, fields.Real))
    assert (volume.low, volume.high) == (controls.GAIN.low, controls.GAIN.high)
    meter = next(kind for kind in annotations(messages.Clock, "meter") if isinstance(kind, fields.Integer))
    assert (meter.low, meter.high) == (controls.METER.low, controls.METER.high)
    tempo = next(kind for kind in annotations(messages.Clock, "tempo_bpm") if isinstance(kind, fields.Real))
    assert tempo.low <= controls.TEMPO.low < controls.TEMPO.high <= tempo.high


def bounds(kind: Any) -> tuple[int, int]:
    return int(kind.low), int(kind.high)


def test_lookahead_and_chunks_have_the_same_bounds_in_sessions_settings_and_messages() -> None:
    lookahead_ms = round(contract.SHORTEST_LOOKAHEAD_S * 1000), round(contract.LONGEST_LOOKAHEAD_S * 1000)
    chunk_frames = 1, contract.LONGEST_CHUNK_FRAMES
    assert bounds(Settings.lookahead.kind) == lookahead_ms
    assert bounds(Settings.chunk_frames.kind) == chunk_frames
    for record, field, expected in (
        (messages.Hello, "lookahead_ms", lookahead_ms),
        (messages.Welcome, "lookahead_ms", lookahead_ms),
        (messages.Welcome, "chunk_frames", chunk_frames),
    ):
        (kind,) = (kind for kind in annotations(record, field) if isinstance(kind, fields.Integer))
        assert bounds(kind) == expected, f"{record.__name__}.{field}"


def test_the_protocol_lists_the_controls_that_a_generator_can_obey() -> None:
    texts = [text for text in annotations(messages.GeneratorInfo, "controls") if isinstance(text, str)]
    by_generators = [control.name for control in controls.CONTROLS if set(control.obeyed_by) & {"score", "model"}]
    assert texts == ["the controls it obeys: " + ", ".join([*by_generators, "fills"])]
