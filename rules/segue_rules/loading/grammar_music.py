"""The grammar of what music is to be: controls, styles, themes and mixes."""

from __future__ import annotations

from typing import Final

from segue_rules import controls
from segue_rules.controls import NumberControl
from segue_rules.loading.bindings import Bindable
from segue_rules.loading.for_each import FOR_EACH
from segue_rules.loading.limits import LONGEST_PROMPT, MOST_PROMPTS, MOST_STYLES
from segue_rules.loading.rule_kinds import KeySignature, MeterKind, OrAuto, control_kind
from segue_rules.loading.theme_kinds import Notes, ThemeChoice
from segue_yaml.containers import ListOf, MapOf
from segue_yaml.kinds import Choice, Name, Number, Text
from segue_yaml.paths import FilePath
from segue_yaml.tables import Field, Object, Table

_AUDIO_SUFFIXES: Final = ("wav", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff")
WEIGHT: Final = Number(low=0.001, high=1000, what="a weight")
STYLE_NAME: Final = Name(what="style")
MIX: Final = MapOf(key=STYLE_NAME, of=WEIGHT, most=MOST_STYLES, labelled=False, sample="{battle: 1}")
AUDIO: Final = FilePath(what="an audio file", suffixes=_AUDIO_SUFFIXES, sample="prompts/crypt.wav")


def _bindable(control: NumberControl) -> Bindable:
    """What may be written for a control that moves: a value, or a binding to an input."""
    return Bindable(of=control_kind(control), low=control.low, high=control.high)


class MusicTable(Table):
    """Controls of the music. A layer's count as much as its weight, wholly from 1 on; gains of all layers add up."""

    title = "music"
    example = "{tempo: 96bpm, key: D minor}"
    tempo = Field(OrAuto(of=_bindable(controls.TEMPO)), controls.TEMPO.doc, example=controls.TEMPO.example)
    meter = Field(OrAuto(of=MeterKind()), controls.METER.doc, example=controls.METER.example)
    key = Field(KeySignature(), controls.KEY.doc, example=controls.KEY.example)
    drums = Field(Choice(words=controls.DRUMS.words), controls.DRUMS.doc, example=controls.DRUMS.example)
    intensity = Field(_bindable(controls.INTENSITY), controls.INTENSITY.doc, example=controls.INTENSITY.example)
    temperature = Field(_bindable(controls.TEMPERATURE), controls.TEMPERATURE.doc, example=controls.TEMPERATURE.example)
    guidance = Field(_bindable(controls.GUIDANCE), controls.GUIDANCE.doc, example=controls.GUIDANCE.example)
    gain = Field(_bindable(controls.GAIN), controls.GAIN.doc, example="-6dB")
    low_pass = Field(_bindable(controls.LOW_PASS), controls.LOW_PASS.doc, example=controls.LOW_PASS.example)
    high_pass = Field(_bindable(controls.HIGH_PASS), controls.HIGH_PASS.doc, example=controls.HIGH_PASS.example)
    reverb = Field(_bindable(controls.REVERB), controls.REVERB.doc, example=controls.REVERB.example)
    width = Field(_bindable(controls.WIDTH), controls.WIDTH.doc, example=controls.WIDTH.example)
    pan = Field(_bindable(controls.PAN), controls.PAN.doc, example=controls.PAN.example)


_PROMPT_TEXT: Final = Text(longest=LONGEST_PROMPT)


class PromptTable(Table):
    """One prompt of a blend: a text or an audio file, with its share."""

    title = "prompt"
    example = '{text: "calm woodland", weight: 2}'
    exactly_one = ("text", "audio")
    text = Field(_PROMPT_TEXT, "What the music is like, in words.", example='"low drone, distant choir"')
    audio = Field(AUDIO, "A recording that sounds like it, relative to this file.", example="prompts/crypt.wav")
    weight = Field(WEIGHT, "Share of this prompt in the blend.", default="1", example="2")


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
    for_each = FOR_EACH


MIDI: Final = FilePath(what="a MIDI file", suffixes=("mid", "midi"), sample="themes/hero.mid")
USED_THEME: Final = ThemeChoice()


class ThemeTable(Table):
    """A short tune, from a MIDI file or written as notes, that the music quotes and develops."""

    title = "theme"
    example = '{notes: "E4:1.5 F4:0.5 G4 r C5:2"}'
    exactly_one = ("midi", "notes")
    midi = Field(
        MIDI,
        "A MIDI file of at most 64 notes in 64 beats, relative to this file. Of several tracks or notes at once, the "
        "highest are taken.",
        example="themes/hero.mid",
    )
    notes = Field(
        Notes(),
        "Pitches from C0 to B8 with their beats, 1 if left out; `r` is a rest.",
        example='"E4:1.5 F4:0.5 G4 r C5:2"',
    )
    key = Field(KeySignature(), "The key in which it is written; found from its notes if left out.", example="A minor")
    for_each = FOR_EACH
