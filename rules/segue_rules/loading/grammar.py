"""The grammar of rule files: every object, its fields, their units, bounds, defaults and meaning.

Reading, the JSON Schema and REFERENCE.md all follow from these tables and those of grammar_inputs. What needs several
places of the files (names, layers, files on disk) is checked where the model is built.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from segue_rules import controls
from segue_rules.controls import NumberControl
from segue_rules.loading.bindings import Bindable, BindingTable, WeightBindingTable
from segue_rules.loading.grammar_inputs import (
    INPUT,
    INPUT_NAME,
    ChoiceInputTable,
    ConditionTable,
    FlagInputTable,
    IntegerInputTable,
    LatchTable,
    NumberInputTable,
    StretchTable,
    TriggerInputTable,
)
from segue_rules.loading.limits import (
    LONGEST_PROMPT,
    LONGEST_TITLE,
    MOST_INCLUDES,
    MOST_INPUTS,
    MOST_LAYERS,
    MOST_PROMPTS,
    MOST_STATES,
    MOST_STINGERS,
    MOST_STYLES,
    MOST_TRANSITIONS,
)
from segue_rules.loading.rule_kinds import (
    FRAME,
    LAYER_NAME,
    STATE_NAME,
    Boundary,
    ConditionKind,
    KeySignature,
    LanguageVersion,
    OrAuto,
    StatePattern,
    Time,
    control_kind,
)
from segue_rules.model import CURVES, LARGEST_SEED
from segue_yaml.containers import ListOf, MapOf
from segue_yaml.kinds import Boolean, Choice, Name, Number, Text
from segue_yaml.paths import FilePath
from segue_yaml.quantities import Quantity
from segue_yaml.tables import ByField, Field, Object, Table

_AUDIO_SUFFIXES: Final = ("wav", "flac", "ogg", "mp3", "aif", "aiff")
_WEIGHT: Final = Number(low=0.001, high=1000, what="a weight")
_LAYER_WEIGHT: Final = Number(low=0, high=1000, what="a weight")
_STATE_TIME: Final = Time()
_FADE: Final = Time(high=Fraction(60))
_STYLE_NAME: Final = Name(what="style")
_MIX: Final = MapOf(key=_STYLE_NAME, of=_WEIGHT, most=MOST_STYLES, labelled=False, sample="{battle: 1}")
AUDIO: Final = FilePath(what="an audio file", suffixes=_AUDIO_SUFFIXES, sample="prompts/crypt.wav")


def _bindable(control: NumberControl) -> Bindable:
    """What may be written for a control that moves: a value, or a binding to an input."""
    return Bindable(of=control_kind(control), low=control.low, high=control.high)


class MusicTable(Table):
    """Controls of the music. One that is left out is decided by an earlier layer, or by the top level."""

    title = "music"
    example = "{tempo: 96bpm, key: D minor}"
    tempo = Field(OrAuto(of=_bindable(controls.TEMPO)), controls.TEMPO.doc, example=controls.TEMPO.example)
    meter = Field(OrAuto(of=control_kind(controls.METER)), controls.METER.doc, example=controls.METER.example)
    key = Field(KeySignature(), controls.KEY.doc, example=controls.KEY.example)
    drums = Field(Choice(words=controls.DRUMS.words), controls.DRUMS.doc, example=controls.DRUMS.example)
    intensity = Field(_bindable(controls.INTENSITY), controls.INTENSITY.doc, example=controls.INTENSITY.example)
    temperature = Field(_bindable(controls.TEMPERATURE), controls.TEMPERATURE.doc, example=controls.TEMPERATURE.example)
    guidance = Field(_bindable(controls.GUIDANCE), controls.GUIDANCE.doc, example=controls.GUIDANCE.example)
    gain = Field(_bindable(controls.GAIN), controls.GAIN.doc, example="-6dB")


_PROMPT_TEXT: Final = Text(longest=LONGEST_PROMPT)


class PromptTable(Table):
    """One prompt of a blend: a text or an audio file, with its share."""

    title = "prompt"
    example = '{text: "calm woodland", weight: 2}'
    exactly_one = ("text", "audio")
    text = Field(_PROMPT_TEXT, "What the music is like, in words.", example='"low drone, distant choir"')
    audio = Field(AUDIO, "A recording that sounds like it, relative to this file.", example="prompts/crypt.wav")
    weight = Field(_WEIGHT, "Share of this prompt in the blend.", default="1", example="2")


class StyleTable(Table):
    """What music is to sound like: a text, an audio file, or a blend of several."""

    title = "style"
    example = '{text: "calm woodland, harp and soft strings"}'
    exactly_one = ("text", "audio", "blend")
    text = Field(
        _PROMPT_TEXT,
        "What the music is like, in English words; the command `segue style` shows how they are read.",
        example='"calm woodland, harp and soft strings"',
    )
    audio = Field(AUDIO, "A recording that sounds like it, relative to this file.", example="prompts/crypt.wav")
    blend = Field(
        ListOf(of=Object(table=PromptTable), item="prompt", least=1, most=MOST_PROMPTS),
        "Several prompts at once.",
        example='[{text: "low drone", weight: 2}, {audio: prompts/crypt.wav}]',
    )


class StateTable(Table):
    """One state of a layer: when it is on, what it adds to the mix, what it asks of the music."""

    title = "state"
    example = "{when: {region: crypt}, mix: {dread: 1}}"
    default = Field(
        Boolean(),
        "The state the layer is in when no other fits; every layer has exactly one, and it has no condition.",
        default="false",
        example="true",
    )
    when = Field(
        ConditionKind(),
        "What must hold for the state to be on. Without it, the state may always be on.",
        example='{threat: ">= 0.6"}',
    )
    unless = Field(
        ConditionKind(),
        "A veto: it ends the state at once, whatever its hold and min_time.",
        example="{cutscene: true}",
    )
    priority = Field(
        Number(low=-1000, high=1000, whole=True),
        "The highest of the states that fit wins; hold and min_time do not resist a higher one.",
        default="0",
        example="50",
    )
    attack = Field(
        _STATE_TIME, "How long the condition must have held before the state may start.", default="0s", example="300ms"
    )
    hold = Field(
        _STATE_TIME, "How long the state stays on after its condition turned false.", default="0s", example="6s"
    )
    min_time = Field(_STATE_TIME, "How long the state is on at least, once it is on.", default="0s", example="8s")
    cooldown = Field(
        _STATE_TIME,
        "How long the state is off at least, once its own condition or veto ended it.",
        default="0s",
        example="5s",
    )
    mix = Field(
        _MIX,
        "What the state adds: weights of styles, not normalised. Without it, the state adds nothing.",
        example="{battle: 1}",
    )
    music = Field(Object(table=MusicTable), "Controls while the state is on.", example='{tempo: 140bpm, drums: "on"}')


class LayerTable(Table):
    """States of which exactly one is active. Layers add up, in the order of the files."""

    title = "layer"
    example = "{states: {calm: {default: true, mix: {woodland: 1}}}}"
    weight = Field(
        Bindable(of=_LAYER_WEIGHT, low=0, high=1000, table=WeightBindingTable),
        "Factor on the mix of the active state: a number, or a binding.",
        default="1",
        example="{from: threat, curve: [[0, 1], [1, 3]]}",
    )
    states = Field(
        MapOf(key=STATE_NAME, of=Object(table=StateTable), most=MOST_STATES),
        "The layer's states by name; other files may add some.",
        example='{calm: {default: true}, combat: {when: {enemies: ">= 3"}, mix: {battle: 1}}}',
    )


class TransitionTable(Table):
    """How a layer goes from one state to another. Of the rows that fit, the most specific decides."""

    title = "transition"
    example = "{from: any, to: combat, at: bar, ramp: 3s}"
    from_ = Field(
        StatePattern(), "State left: any, a state, layer.state or layer.any.", default="any", example="action.combat"
    )
    to = Field(
        StatePattern(), "State entered: any, a state, layer.state or layer.any.", default="any", example="combat"
    )
    at = Field(Boundary(), "When it may start: immediate, beat, bar or N bars.", default="beat", example="4 bars")
    max_wait = Field(Time(low=FRAME), "Start after this time even if the beat or bar has not come.", example="4s")
    ramp = Field(_STATE_TIME, "Time from the old mix to the new.", default="2s", example="400ms")
    curve = Field(
        Choice(words=CURVES),
        "Shape of the way: straight, eased at both ends, or quick at first.",
        default="smooth",
        example="equal_power",
    )


class DuckTable(Table):
    """How the music is lowered under a stinger."""

    title = "duck"
    example = "{depth: -8dB}"
    depth = Field(
        Quantity(unit=controls.GAIN.unit, what="a level", low=controls.SILENCE_DB, high=0, example="-8dB"),
        "Level of the music while the stinger sounds.",
        example="-8dB",
        required=True,
    )
    fade_out = Field(_FADE, "Time in which the music is lowered.", default="50ms", example="50ms")
    recovery = Field(
        _FADE, "How long the music stays lowered after the end of the stinger.", default="0s", example="1s"
    )
    fade_in = Field(_FADE, "Time in which the music returns to its level.", default="400ms", example="400ms")


class AudioStingerTable(Table):
    """A sound file laid over the music when a trigger is fired."""

    title = "audio_stinger"
    example = "{trigger: boss_dead, audio: stings/victory.wav}"
    trigger = Field(Name(what="trigger"), "The trigger input that starts it.", example="boss_dead", required=True)
    audio = Field(AUDIO, "The sound file, relative to this file.", example="stings/victory.wav", required=True)
    at = Field(Boundary(), "When it may start: immediate, beat, bar or N bars.", default="immediate", example="beat")
    gain = Field(control_kind(controls.GAIN), "Level of the stinger.", default="0dB", example="-3dB")
    cooldown = Field(_STATE_TIME, "How long further triggers are dropped after a start.", default="0s", example="10s")
    if_late = Field(
        Choice(words=("drop", "play")),
        "What to do when the stinger cannot be delivered in time for its start.",
        default="drop",
        example="play",
    )
    duck = Field(
        Object(table=DuckTable), "How the music is lowered meanwhile; not at all if left out.", example="{depth: -8dB}"
    )


class BurstTable(Table):
    """A burst of styles added to the mix when a trigger is fired."""

    title = "burst"
    example = "{trigger: boss_dead, mix: {fanfare: 2}, time: 4s}"
    trigger = Field(Name(what="trigger"), "The trigger input that starts it.", example="boss_dead", required=True)
    mix = Field(
        MapOf(key=_STYLE_NAME, of=_WEIGHT, least=1, most=MOST_STYLES, labelled=False, sample="{battle: 1}"),
        "What the burst adds: weights of styles, not normalised.",
        example="{fanfare: 2}",
        required=True,
    )
    time = Field(Time(low=FRAME), "How long it lasts, both ramps included.", example="4s", required=True)
    ramp = Field(_FADE, "Time in which it comes, and in which it goes.", default="200ms", example="200ms")
    at = Field(Boundary(), "When it may start: immediate, beat, bar or N bars.", default="immediate", example="beat")
    cooldown = Field(_STATE_TIME, "How long further triggers are dropped after a start.", default="0s", example="10s")


INCLUDE: Final = FilePath(what="a rule file", suffixes=("yaml", "yml"), sample="regions/crypt.yaml")


class FileTable(Table):
    """A rule file: what a soundtrack is made of."""

    title = "rule_file"
    example = "{segue: 1, ...}"
    segue = Field(LanguageVersion(), "Version of the rule language.", example="1", required=True)
    title_ = Field(
        Text(longest=LONGEST_TITLE), "Name of the soundtrack; the file's name if left out.", example="Emberwood"
    )
    seed = Field(
        Number(low=0, high=LARGEST_SEED, whole=True),
        "Seed of all chance in the music: equal seeds, equal music.",
        default="0",
        example="7",
    )
    include = Field(
        ListOf(of=INCLUDE, item="include", most=MOST_INCLUDES),
        "Further rule files, relative to this one, whose content is added.",
        example="[regions/crypt.yaml]",
    )
    music = Field(
        Object(table=MusicTable),
        "Controls that no layer decides.",
        example="{tempo: 96bpm, meter: 4, key: D minor}",
    )
    inputs = Field(
        MapOf(key=INPUT_NAME, of=INPUT, most=MOST_INPUTS),
        "All that the game may send, by name; anything else is refused.",
        example="{threat: {type: number, range: [0, 1], fall: 0.25/s}}",
    )
    styles = Field(
        MapOf(key=_STYLE_NAME, of=Object(table=StyleTable), most=MOST_STYLES),
        "What the music may sound like, by name.",
        example='{woodland: {text: "calm woodland, harp and soft strings"}}',
    )
    layers = Field(
        MapOf(key=LAYER_NAME, of=Object(table=LayerTable), most=MOST_LAYERS),
        "Layers by name: in each exactly one state is active, and layers add up.",
        example="{place: {states: {forest: {default: true, mix: {woodland: 1}}}}}",
    )
    transitions = Field(
        ListOf(of=Object(table=TransitionTable), item="transition", most=MOST_TRANSITIONS),
        "How layers change from state to state. Without a row that fits: at the next beat, over 2s.",
        example="[{from: any, to: combat, at: immediate, ramp: 400ms}]",
    )
    stingers = Field(
        MapOf(
            key=Name(what="stinger"),
            of=ByField(tables={"audio": AudioStingerTable, "mix": BurstTable}),
            most=MOST_STINGERS,
        ),
        "Sounds and bursts of style that a trigger starts, by name.",
        example="{victory: {trigger: boss_dead, audio: stings/victory.wav, at: beat}}",
    )


TABLES: Final[tuple[type[Table], ...]] = (
    FileTable,
    MusicTable,
    NumberInputTable,
    IntegerInputTable,
    ChoiceInputTable,
    FlagInputTable,
    TriggerInputTable,
    StyleTable,
    PromptTable,
    LayerTable,
    StateTable,
    ConditionTable,
    LatchTable,
    StretchTable,
    BindingTable,
    WeightBindingTable,
    TransitionTable,
    AudioStingerTable,
    BurstTable,
    DuckTable,
)
"""All tables, in the order of the reference."""
