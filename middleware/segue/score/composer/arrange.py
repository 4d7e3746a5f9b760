"""An arrangement of a style profile: voices, drums, scale and chords for the composer, from one table an axis.

The composer asks for no style by name: layout, ensemble, groove, percussion, scale, harmony and figuration are read
each from its own table, and numbers (density, register, articulation, mood) shape what comes out.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

from segue.instruments import PROGRAMS
from segue.score.composer.balance import balanced
from segue.score.composer.figurations import refigured
from segue.score.composer.grooves import GROOVES
from segue.score.composer.grooves.groove import kit
from segue.score.composer.harmonies import HARMONIES
from segue.score.composer.instruments import PLUCKED, SLOW
from segue.score.composer.layouts import LAYOUTS
from segue.score.composer.layouts.layout import Layout
from segue.score.composer.loudness import estimated_lufs
from segue.score.composer.percussion import PERCUSSION
from segue.score.composer.ranges import range_of
from segue.score.composer.scales import SCALES
from segue.score.composer.vocabulary import ROLES, Arrangement, Colours, Kit, Role, Voice
from segue.style_profile import StyleProfile

# Roles whose voices stand in for each other.
_SPARE: Final = ("harmony", "texture")
# The voice for an instrument of a role for which a layout has none.
_ADDED: Final = {
    "melody": Voice(
        role="melody", programs=(0,), figure="melody", register=70, velocity=96, density=0.42, leaps=0.16, hold=0.9
    ),
    "counter": Voice(
        role="counter", programs=(0,), figure="counter", register=66, velocity=76, level=0.3, density=0.8
    ),
    "harmony": Voice(role="harmony", programs=(0,), figure="pad", register=62, velocity=66, level=0.15, tones=3),
    "bass": Voice(
        role="bass", programs=(0,), figure="line", register=38, velocity=84, rate=1, hold=0.9, pattern="r . f ."
    ),
    "texture": Voice(
        role="texture", programs=(0,), figure="arpeggio", register=67, velocity=64, level=0.2, rate=2, hold=0.8,
        tones=4, pattern="broken", density=0.6,
    ),
}  # fmt: skip
# Loudness at an arousal of 0.5, and how much more at 1 than at 0; a gain is kept within bounds.
_LUFS, _AROUSED_DB = -24.0, 8.0
_LEAST_GAIN, _MOST_GAIN = 0.5, 1.5
# No voice's written velocity is brought above this: what the loudest lose at 127 stays small.
_LOUDEST: Final = 144
# The first instrument of a role is heard from this intensity on, the second from `_SECOND`.
_FIRST: Final = {"melody": 0.15, "bass": 0.3, "harmony": 0.3, "texture": 0.4, "counter": 0.45}
_SECOND: Final = 0.5
# How two or three instruments share a tune: the bars of a phrase each plays.
_TURNS: Final = {2: (0, 0, 0, 0, 1, 1, 0, 0), 3: (0, 0, 1, 1, 2, 2, 0, 0)}
# Chords keep out of the way of a tune from this key up; those as high above it as `_COVERED` are no hindrance.
_HIGH_TUNE, _COVERED = 64, 9
_CLEAR_OF_BASS: Final = 53
_CHORDS: Final = frozenset(("pad", "stabs", "swell", "tremolo", "arpeggio"))
# Voices from this intensity on make the height of the music.
_HIGH: Final = 0.58
# The rhythms of plucked instruments in place of held chords, of which a bar takes one.
_STRUCK: Final = "x.......x....... x.......x....... x............... x.......x...x... x.....x.....x... x.......o.x....."
# Figures whose notes are one by one, and how long instruments that speak slowly hold each.
_MOVING: Final = frozenset(("arpeggio", "ostinato"))
_SPOKEN_S: Final = 1.0
# A phrase's pace, in notes a second, above which a voice's fastest notes are left to others.
_FASTEST: Final = 11.0
# Bars of the four phrases of a cycle. Music to dance to, and what is cut from loops, goes in eights.
_EVEN: Final = ((8, 8, 8, 8),)
_LENGTHS: Final = (*_EVEN, (8, 10, 6, 8), (10, 8, 6, 8), (6, 10, 8, 8), (8, 8, 4, 12), (8, 10, 8, 6), (6, 8, 8, 10))
_REGULAR: Final = frozenset(("four on the floor", "breakbeat", "trap", "half-time", "polka"))
# The tension for which harmonies write their colours, and the most of any.
_MIDDLING, _MOST_COLOURED = 0.3, 0.8
# The keys that a register must leave above and below for a line to move in.
_BELOW, _ABOVE = 5, 9


@lru_cache(maxsize=256)
def arrange(profile: StyleProfile) -> Arrangement:
    """Return the arrangement of a profile; equal profiles give the same object."""
    layout = LAYOUTS[profile.layout]
    scale, harmony, groove = SCALES[profile.scale], HARMONIES[profile.harmony], GROOVES[profile.groove]
    # Rules may set a key of the other third, for which the harmony's general rows serve.
    names = (profile.scale, "major") if scale.minor else ("minor", profile.scale)
    scales = dict(zip(("minor", "major"), names, strict=True))
    rows = {third: harmony.progressions(name, third) for third, name in scales.items()}
    cadences = {third: harmony.cadences(name, third) for third, name in scales.items()}
    voices = _voices(profile, layout, harmony.bass)
    unbalanced = Arrangement(
        name=profile.key,
        notes_key=profile.notes_key,
        tempo_bpm=profile.tempo_bpm,
        scale=profile.scale,
        minor=rows["minor"],
        major=rows["major"],
        voices=voices,
        kit=_kit(profile, layout),
        half=(cadences["minor"].half, cadences["major"].half),
        full=(cadences["minor"].full, cadences["major"].full),
        opened=(cadences["minor"].opened, cadences["major"].opened),
        evaded=(cadences["minor"].evaded, cadences["major"].evaded),
        lengths=harmony.lengths or (_EVEN if profile.groove in _REGULAR else _LENGTHS),
        colours=_colours(harmony.colours, profile.tension),
        valence=profile.valence,
        stretch=max(layout.stretch, harmony.stretch),
        meter=profile.meter,
        swing=groove.swing,
        sixteenth_swing=groove.sixteenth_swing,
        loose=layout.loose,
        entrance=layout.entrance,
        drive=min(1.0, max(0.0, layout.drive + 0.5 * (profile.arousal - 0.5))),
    )
    plain = balanced(unbalanced)
    wanted_db = _LUFS + _AROUSED_DB * (profile.arousal - 0.5) + layout.level_db - estimated_lufs(plain)
    most = min(_MOST_GAIN, _LOUDEST / max((voice.velocity for voice in plain.voices), default=_LOUDEST))
    return replace(plain, gain=min(most, max(_LEAST_GAIN, 10 ** (wanted_db / 40))))


def _colours(colours: Colours, tension: float) -> Colours:
    """Return colours for a tension from 0, at ease, to 1; those of the harmony are for `_MIDDLING`."""
    return Colours(*(min(_MOST_COLOURED, share * (0.4 + 0.6 * tension / _MIDDLING)) for share in colours))


def _kit(profile: StyleProfile, layout: Layout) -> Kit:
    """Return the drums of a profile: the layout's own for its own groove, else the groove's on the profile's
    percussion.
    """
    if layout.kit is not None and (profile.groove, profile.percussion) == (layout.groove, layout.percussion):
        return replace(layout.kit, own=profile.groove != "none")
    if profile.groove != "none":
        return kit(GROOVES[profile.groove], PERCUSSION[profile.percussion])
    # What plays if rules ask for drums all the same.
    if layout.kit is not None:
        return replace(layout.kit, own=False)
    words = layout.groove if layout.groove != "none" else "straight"
    return replace(kit(GROOVES[words], PERCUSSION[profile.percussion], force=0.8), own=False)


def _voices(profile: StyleProfile, layout: Layout, bass: str) -> tuple[Voice, ...]:
    """Return the voices of a profile: the layout's, in its order, then those added for further instruments."""
    placed: list[tuple[int, Voice]] = []
    named = dict(profile.ensemble.by_role())
    spare = [voice for voice in layout.voices if voice.role in _SPARE and not named[voice.role]]
    for role in ROLES:
        written = [(index, voice) for index, voice in enumerate(layout.voices) if voice.role == role]
        programs = tuple(PROGRAMS[name] for name in named[role])
        placed += _played(role, written, programs, spare if role in _SPARE else [], len(layout.voices))
    voices = [voice for _, voice in sorted(placed, key=lambda pair: pair[0])]
    if not named["bass"]:
        chords = [index for role in _SPARE for index, voice in enumerate(voices) if voice.role == role]
        voices = [replace(voice, rooted=index in chords[:1]) for index, voice in enumerate(voices)]
    shaped = [_shaped(profile, voice) for voice in refigured(voices, profile.figuration, bass)]
    shaped = _below_the_tune(shaped)
    return (*shaped, *_doubles(shaped))


def _below_the_tune(voices: list[Voice]) -> list[Voice]:
    """Voices with chords that would cover the first tune lower, unless the tune itself is low."""
    tune = next((voice.register for voice in voices if voice.role == "melody"), 0)
    if tune < _HIGH_TUNE:
        return voices
    return [
        replace(voice, register=max(_CLEAR_OF_BASS, tune - 5 - voice.tones))
        if voice.figure in _CHORDS and tune - 5 - voice.tones < voice.register < tune + _COVERED
        else voice
        for voice in voices
    ]


def _doubles(voices: list[Voice]) -> list[Voice]:
    """Return the doublings in octaves of the first tune and of the first chords for the height of intensity."""
    if any(voice.level >= _HIGH for voice in voices):
        return []
    doubles = []
    for role, level in (("harmony", 0.62), ("melody", 0.75)):
        for voice in [voice for voice in voices if voice.role == role][:1]:
            low, high = range_of(voice.programs[0])
            up = voice.register + 12 <= high - _ABOVE
            register = min(max(voice.register + (12 if up else -12), low + _BELOW), high - _ABOVE)
            figure = "octaves" if role == "melody" else voice.figure
            softer = round(voice.velocity * 0.85)
            doubles.append(replace(voice, figure=figure, register=register, level=level, velocity=softer))
    return doubles


def _played(
    role: Role, written: list[tuple[int, Voice]], programs: tuple[int, ...], spare: list[Voice], end: int
) -> list[tuple[int, Voice]]:
    """Return the voices of a role with the instruments of an ensemble; `end` places an added voice after all others.

    The k-th voice takes the k-th instrument, and the first again when there are fewer. Instruments left over share
    the tune of the last melody voice, double the bass, or take a voice of a role without instruments, `spare`, else one
    of their own.
    """
    if not programs:
        return []
    written = written or [(end, _ADDED[role])]
    result = []
    for count, (index, voice) in enumerate(written):
        chosen: tuple[int, ...] = (programs[count % len(programs)],)
        turns: tuple[int, ...] = ()
        if role == "melody" and count == len(written) - 1 and len(programs) > len(written):
            chosen = programs[count:]
            turns = _TURNS.get(len(chosen)) or tuple(min(len(chosen) - 1, bar * len(chosen) // 8) for bar in range(8))
        result.append((index, replace(voice, programs=chosen, turns=turns)))
    if role != "melody":
        for count, program in enumerate(programs[len(written) :]):
            extra = written[-1][1] if role == "bass" else spare[count] if count < len(spare) else _ADDED[role]
            result.append((end, replace(extra, role=role, programs=(program,), level=max(extra.level, 0.3))))
    heard = (_FIRST[role], _SECOND)
    return [
        (index, replace(voice, level=min(voice.level, heard[count])) if count < len(heard) else voice)
        for count, (index, voice) in enumerate(result)
    ]


def _shaped(profile: StyleProfile, voice: Voice) -> Voice:
    """Return a voice suited to its instrument and bent by the profile's numbers."""
    if voice.programs[0] in PLUCKED and voice.figure == "pad":
        voice = replace(voice, figure="stabs", pattern=_STRUCK, strum=max(voice.strum, 0.02), hold=1.0)
    if voice.programs[0] in SLOW and voice.figure in _MOVING:
        # Notes ring on into each other, as they would not have spoken before their end.
        voice = replace(voice, hold=max(voice.hold, _SPOKEN_S * profile.tempo_bpm / 60 * voice.rate))
    more = profile.density - 0.5
    hold = voice.hold * 4.0 ** (profile.articulation - 0.5)
    voice = _paced(voice, profile.tempo_bpm * (1.25 if more > 0 else 1.0 - more))
    return replace(
        voice,
        register=_register(profile, voice),
        density=min(1.0, voice.density * (1 + more)),
        level=min(0.9, max(0.0, voice.level - 0.35 * more)) if voice.level else 0.0,
        hold=min(hold, max(voice.hold, 1.1)),
    )


def _register(profile: StyleProfile, voice: Voice) -> int:
    """The voice's register, moved by the profile's, where its first instrument sounds best."""
    low, high = range_of(voice.programs[0])
    moved = voice.register + round(profile.register * (0.5 if voice.role == "bass" else 1.0))
    if voice.role in ("melody", "counter"):
        return min(max(moved, low + (high - low) // 4), low + (high - low) * 2 // 3)
    return max(low + _BELOW, min(moved, high - _ABOVE))


def _paced(voice: Voice, tempo_bpm: float) -> Voice:
    """Return a voice whose rate suits a tempo: at half the rate where it would be too fast to play or to hear."""
    while voice.rate > 1 and voice.rate * tempo_bpm / 60 > _FASTEST:
        tokens = voice.pattern.split()
        if voice.figure == "line":
            voice = replace(voice, pattern=" ".join(tokens[:: 2 if voice.rate % 2 == 0 else voice.rate]))
        voice = replace(voice, rate=voice.rate // 2 if voice.rate % 2 == 0 else 1)
    if 4 * tempo_bpm / 60 > _FASTEST and voice.figure in ("stabs", "chug"):
        rhythms = voice.pattern.split()
        slowed = ("".join(sign if step % 2 == 0 else "." for step, sign in enumerate(rhythm)) for rhythm in rhythms)
        voice = replace(voice, pattern=" ".join(slowed))
    return voice
