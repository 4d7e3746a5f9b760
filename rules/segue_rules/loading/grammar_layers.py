"""The grammar of layers, of their states and of playlists."""

from __future__ import annotations

from typing import Final

from segue_rules.loading.bindings import Bindable, WeightBindingTable
from segue_rules.loading.for_each import FOR_EACH
from segue_rules.loading.grammar_clips import CLIPS, EntryKind
from segue_rules.loading.grammar_music import MIX, USED_THEME, WEIGHT, MusicTable
from segue_rules.loading.limits import MOST_GROUPS, MOST_LAYERS, MOST_PIECES, MOST_STATES
from segue_rules.loading.rule_kinds import GROUP_NAME, NAMED_LAYER, PIECE_NAME, STATE_NAME, ConditionKind, StateOf
from segue_rules.loading.time_kinds import BEATS, FRAME, PieceLength, Time
from segue_rules.model import ON_RETURN, PLAYLIST_ORDERS
from segue_yaml.containers import ListOf, MapOf, OneOrMore
from segue_yaml.kinds import Boolean, Choice, Number
from segue_yaml.tables import Field, Object, Table

_LAYER_WEIGHT: Final = Number(low=0, high=1000, what="a weight")
_LENGTH: Final = PieceLength(time=Time(low=FRAME))
_LENGTH_DOC: Final = "a time, beats or bars, or a range of times from which one is drawn each time"


class PieceTable(Table):
    """One piece of a playlist: what the state adds and asks for while the piece plays."""

    title = "piece"
    example = "{mix: {harp: 1}, for: 16 bars}"
    mix = Field(MIX, "What the piece adds; the state's mix if left out.", example="{harp: 1}")
    clips = Field(CLIPS, "The clips that the piece plays; the state's if left out.", example="{siege: 0dB}")
    music = Field(
        Object(table=MusicTable),
        "Controls while it plays; those that it does not name are the state's.",
        example="{tempo: 84bpm}",
    )
    theme = Field(USED_THEME, "The theme while it plays; the state's if left out.", example="hero")
    for_ = Field(
        _LENGTH,
        f"How long it plays until the next piece: {_LENGTH_DOC}. Without it, it plays as long as the state is on.",
        example="16 bars",
    )
    weight = Field(WEIGHT, "How often it is drawn, beside the weights of the others.", default="1", example="2")


class BetweenTable(Table):
    """What plays between two pieces of a playlist."""

    title = "between"
    example = "{for: 20s..2min, music: {gain: -96dB}}"
    for_ = Field(_LENGTH, f"How long it plays: {_LENGTH_DOC}.", example="20s..2min", required=True)
    mix = Field(MIX, "What it adds; the state's mix if left out.", example="{wind: 1}")
    clips = Field(CLIPS, "The clips that it plays; the state's if left out.", example="{rain: -6dB}")
    music = Field(
        Object(table=MusicTable),
        "Controls while it plays; those that it does not name are the state's. A gain of -96dB is silence.",
        example="{gain: -96dB}",
    )
    theme = Field(USED_THEME, "The theme while it plays; the state's if left out.", example="hero")


class PlaylistTable(Table):
    """Several pieces of which one plays at a time while the state is on."""

    title = "playlist"
    example = "{order: random, pieces: {day: {mix: {harp: 1}, for: 16 bars}, dusk: {mix: {lute: 1}, for: 16 bars}}}"
    order = Field(
        Choice(words=PLAYLIST_ORDERS),
        "One after the other; each once in random order, then again; or each drawn by chance.",
        default="sequence",
        example="random",
    )
    avoid_last = Field(
        Number(low=0, high=MOST_PIECES - 1, whole=True),
        "How many of the latest pieces are not drawn again; 1 if left out, or 0 with a single piece.",
        example="2",
    )
    between = Field(
        Object(table=BetweenTable), "What plays between two pieces.", example="{for: 20s..2min, music: {gain: -96dB}}"
    )
    pieces = Field(
        MapOf(key=PIECE_NAME, of=Object(table=PieceTable), least=1, most=MOST_PIECES),
        "The pieces by name.",
        example="{day: {mix: {harp: 1}, for: 16 bars}, dusk: {mix: {lute: 1}, for: 16 bars}}",
        required=True,
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
    extends = Field(
        StateOf(),
        "Another state whose fields it takes over, but for `default` and what it says itself; of `music`, control by "
        "control.",
        example="calm",
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
        "The highest of the states that fit wins; hold and min_time do not resist a higher one, but see resist.",
        default="0",
        example="50",
    )
    attack = Field(
        BEATS, "How long the condition must have held before the state may start.", default="0s", example="300ms"
    )
    hold = Field(BEATS, "How long the state stays on after its condition turned false.", default="0s", example="6s")
    min_time = Field(BEATS, "How long the state is on at least, once it is on.", default="0s", example="8s")
    resist = Field(
        Boolean(),
        "Whether no other state takes its place for its min_time, whatever its priority; `unless` still ends it.",
        default="false",
        example="true",
    )
    cooldown = Field(
        BEATS,
        "How long the state is off at least, once its own condition or veto ended it.",
        default="0s",
        example="5s",
    )
    mix = Field(
        MIX,
        "What the state adds: weights of styles, not normalised. Without it, the state adds nothing.",
        example="{battle: 1}",
    )
    clips = Field(
        CLIPS,
        "Recordings that the state plays beside its mix, or instead of one: clips with their levels, each a number or "
        "a binding. The music follows tempo, meter and key of the first that has a tempo, unless `music` names others.",
        example="{siege: 0dB, drums: {from: threat, curve: [[0, -96dB], [1, 0dB]]}}",
    )
    enter = Field(
        EntryKind(),
        "Where its clips come in: at their beginning, where the layer's clips before them were, at a cue drawn by "
        "chance, or at one by its name: cue chorus.",
        default="start",
        example="same",
    )
    playlist = Field(
        Object(table=PlaylistTable),
        "Several pieces of which one plays at a time, in order or by chance.",
        example="{order: shuffle, pieces: {day: {mix: {harp: 1}, for: 16 bars}, dusk: {mix: {lute: 1}, for: 16 bars}}}",
    )
    music = Field(Object(table=MusicTable), "Controls while the state is on.", example='{tempo: 140bpm, drums: "on"}')
    on_return = Field(
        Choice(words=ON_RETURN, also={"continue": "resume", "keep": "resume", "reset": "restart"}),
        "How its music comes back after other music: the same theme played another way, from where it was, or from the "
        "beginning.",
        default="vary",
        example="resume",
    )
    group = Field(
        OneOrMore(of=GROUP_NAME, many=ListOf(of=GROUP_NAME, item="group", least=1, most=MOST_GROUPS)),
        "Other names of the state, which it shares with states like it: rows and conditions may name the group.",
        example="[battle, boss]",
    )
    theme = Field(
        USED_THEME,
        "The theme that the tune quotes while the state is on: its name, or its name with the share of phrases that "
        "are made of it, 0.75 if left out.",
        example="{hero: 0.5}",
    )
    mute = Field(
        OneOrMore(of=NAMED_LAYER, many=ListOf(of=NAMED_LAYER, item="layer", least=1, most=MOST_LAYERS)),
        "Other layers that are led to a weight of 0 while the state is on, over the ramp of its transition.",
        example="[weather, danger]",
    )
    solo = Field(Boolean(), "Mutes all other layers while the state is on.", default="false", example="true")
    for_each = FOR_EACH


class LayerTable(Table):
    """States of which exactly one is active. Layers add up, in the order of the files."""

    title = "layer"
    contents = "states"
    example = "{states: {calm: {default: true, mix: {woodland: 1}}}}"
    weight = Field(
        Bindable(of=_LAYER_WEIGHT, low=0, high=1000, table=WeightBindingTable),
        "Factor on the mix of the active state: a number, or a binding.",
        default="1",
        example="{from: threat, curve: [[0, 1], [1, 3]]}",
    )
    theme = Field(USED_THEME, "The theme of those of its states that name none.", example="hero")
    states = Field(
        MapOf(key=STATE_NAME, of=Object(table=StateTable), most=MOST_STATES),
        "The layer's states by name; other files may add some.",
        example='{calm: {default: true}, combat: {when: {enemies: ">= 3"}, mix: {battle: 1}}}',
    )
    for_each = FOR_EACH
