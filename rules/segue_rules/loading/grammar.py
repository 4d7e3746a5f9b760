"""The grammar of rule files: every object, its fields, their units, bounds, defaults and meaning.

Reading, the JSON Schema and REFERENCE.md all follow from the tables: here that of the file, in the modules `grammar_…`
those of what it holds. What needs several places of the files (names, layers, files on disk) is checked where the model
is built.
"""

from __future__ import annotations

from typing import Final

from segue_rules.loading.bindings import BindingTable, FactorTable, WeightBindingTable
from segue_rules.loading.grammar_changes import AudioStingerTable, BridgeTable, BurstTable, DuckTable, TransitionTable
from segue_rules.loading.grammar_clips import CLIP_NAME, ClipTable
from segue_rules.loading.grammar_inputs import (
    INPUT,
    INPUT_NAME,
    ChoiceInputTable,
    ConditionTable,
    FlagInputTable,
    IntegerInputTable,
    LatchTable,
    NumberInputTable,
    StayTable,
    StretchTable,
    TriggerInputTable,
)
from segue_rules.loading.grammar_layers import BetweenTable, LayerTable, PieceTable, PlaylistTable, StateTable
from segue_rules.loading.grammar_music import STYLE_NAME, MusicTable, PromptTable, StyleTable, ThemeTable
from segue_rules.loading.limits import (
    LONGEST_TITLE,
    MOST_CLIPS,
    MOST_INCLUDES,
    MOST_INPUTS,
    MOST_LAYERS,
    MOST_STINGERS,
    MOST_STYLES,
    MOST_THEMES,
    MOST_TRANSITIONS,
)
from segue_rules.loading.rule_kinds import LAYER_NAME, LanguageVersion
from segue_rules.loading.theme_kinds import THEME_NAME
from segue_rules.model import LARGEST_SEED
from segue_yaml.containers import ListOf, MapOf
from segue_yaml.kinds import Name, Number, Text
from segue_yaml.paths import FilePath
from segue_yaml.tables import ByField, Field, Object, Table

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
        MapOf(key=STYLE_NAME, of=Object(table=StyleTable), most=MOST_STYLES),
        "What the music may sound like, by name.",
        example='{woodland: {text: "calm woodland, harp and soft strings"}}',
    )
    themes = Field(
        MapOf(key=THEME_NAME, of=Object(table=ThemeTable), most=MOST_THEMES),
        "Short tunes by name, which states, layers and bursts quote.",
        example="{hero: {midi: themes/hero.mid}}",
    )
    clips = Field(
        MapOf(key=CLIP_NAME, of=Object(table=ClipTable), most=MOST_CLIPS),
        "Recordings by name, which states play on the musical clock.",
        example="{siege: {audio: clips/siege.ogg, tempo: 140bpm, loop: 16 bars}}",
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
    ThemeTable,
    ClipTable,
    LayerTable,
    StateTable,
    PlaylistTable,
    PieceTable,
    BetweenTable,
    ConditionTable,
    LatchTable,
    StayTable,
    StretchTable,
    BindingTable,
    WeightBindingTable,
    FactorTable,
    TransitionTable,
    BridgeTable,
    AudioStingerTable,
    BurstTable,
    DuckTable,
)
"""All tables, in the order of the reference."""
