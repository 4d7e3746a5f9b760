"""The drum kits: which keys they have, where each stands in the mix, and the kits themselves.

A drum note names its kit by `NoteEvent.program`. Numbers are those of General MIDI 2 and Roland GS, so an exported MIDI
file plays the same kit elsewhere; the chip kit has a number that neither uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, kw_only=True)
class DrumKey:
    """A key of a drum kit and its seat; fields as in Instrument."""

    key: int
    name: str
    pan: float
    level_db: float
    send: float


@dataclass(frozen=True, kw_only=True)
class DrumKit:
    """A drum kit; where it has no key of its own, the standard kit's sounds.

    Attributes:
        program: Its number.
        keys: The keys that are other instruments than the standard kit's, or sit elsewhere.
        send: Added to every key's reverb.
        chokes: What ends a key that still rings: one hand or pedal plays both.
    """

    program: int
    name: str
    keys: Mapping[int, DrumKey] = field(default_factory=dict)
    send: float = 0.0
    chokes: Mapping[int, frozenset[int]] = field(default_factory=lambda: _CHOKES)

    def key(self, pitch: int) -> DrumKey | None:
        """Return what a key plays, None for one that no kit has."""
        return self.keys.get(pitch, DRUM_KIT.get(pitch))


# Hi-hats, whistles, guiros, cuicas and triangles, as General MIDI 2 has them.
_CHOKES: Final[Mapping[int, frozenset[int]]] = {
    46: frozenset({42, 44, 46}),
    72: frozenset({71, 72}),
    74: frozenset({73, 74}),
    79: frozenset({78, 79}),
    81: frozenset({80, 81}),
}


def _key(key: int, name: str, pan: float, level_db: float, send: float) -> DrumKey:
    return DrumKey(key=key, name=name, pan=pan, level_db=level_db, send=send)


_DRUM_KEYS: Final = (
    # key, name, pan, level_db, send
    _key(27, "high q", 0.20, -4.0, 0.15),
    _key(28, "slap", -0.20, -2.0, 0.15),
    _key(29, "scratch push", 0.15, -3.0, 0.05),
    _key(30, "scratch pull", 0.15, -3.0, 0.05),
    _key(31, "sticks", -0.10, -2.0, 0.15),
    _key(32, "square click", 0.0, -4.0, 0.05),
    _key(33, "metronome click", 0.0, -4.0, 0.05),
    _key(34, "metronome bell", 0.0, -4.0, 0.05),
    _key(35, "low kick", 0.0, 0.0, 0.05),
    _key(36, "kick", 0.0, 0.0, 0.05),
    _key(37, "rim", -0.10, 0.0, 0.15),
    _key(38, "snare", -0.05, 0.0, 0.15),
    _key(39, "clap", 0.10, 0.0, 0.20),
    _key(40, "tight snare", -0.05, 0.0, 0.15),
    _key(41, "low floor tom", 0.45, 0.0, 0.15),
    _key(42, "closed hi-hat", -0.35, -2.0, 0.05),
    _key(43, "floor tom", 0.35, 0.0, 0.15),
    _key(44, "pedal hi-hat", -0.35, -2.0, 0.05),
    _key(45, "low tom", 0.20, 0.0, 0.15),
    _key(46, "open hi-hat", -0.35, -2.0, 0.10),
    _key(47, "mid tom", 0.05, 0.0, 0.15),
    _key(48, "high mid tom", -0.10, 0.0, 0.15),
    _key(49, "crash", -0.45, -1.0, 0.20),
    _key(50, "high tom", -0.25, 0.0, 0.15),
    _key(51, "ride", 0.45, -2.0, 0.10),
    _key(52, "china", 0.50, -2.0, 0.20),
    _key(53, "ride bell", 0.45, -2.0, 0.10),
    _key(54, "tambourine", 0.30, -2.0, 0.20),
    _key(55, "splash", -0.30, -2.0, 0.20),
    _key(56, "cowbell", 0.25, -3.0, 0.15),
    _key(57, "second crash", 0.40, -1.0, 0.20),
    _key(58, "vibraslap", 0.35, -3.0, 0.20),
    _key(59, "second ride", 0.40, -2.0, 0.10),
    _key(60, "high bongo", -0.40, 0.0, 0.15),
    _key(61, "low bongo", -0.25, 0.0, 0.15),
    _key(62, "muted conga", 0.25, 0.0, 0.15),
    _key(63, "high conga", 0.35, 0.0, 0.15),
    _key(64, "low conga", 0.40, 0.0, 0.15),
    _key(65, "high timbale", -0.30, 0.0, 0.20),
    _key(66, "low timbale", -0.20, 0.0, 0.20),
    _key(67, "high agogo", 0.30, -3.0, 0.20),
    _key(68, "low agogo", 0.30, -3.0, 0.20),
    _key(69, "cabasa", -0.45, -2.0, 0.10),
    _key(70, "maracas", 0.50, -2.0, 0.10),
    _key(71, "short whistle", -0.20, -5.0, 0.20),
    _key(72, "long whistle", -0.20, -5.0, 0.20),
    _key(73, "short guiro", -0.40, -2.0, 0.15),
    _key(74, "long guiro", -0.40, -2.0, 0.15),
    _key(75, "claves", 0.35, -2.0, 0.20),
    _key(76, "high wood block", -0.30, -2.0, 0.20),
    _key(77, "low wood block", -0.20, -2.0, 0.20),
    _key(78, "muted cuica", 0.20, -3.0, 0.15),
    _key(79, "open cuica", 0.20, -3.0, 0.15),
    _key(80, "muted triangle", 0.40, -3.0, 0.25),
    _key(81, "triangle", 0.40, -3.0, 0.30),
    _key(82, "shaker", 0.40, -2.0, 0.10),
    _key(83, "sleigh bells", -0.40, -2.0, 0.30),
    _key(84, "bell tree", -0.30, -4.0, 0.35),
    _key(85, "castanets", -0.35, -2.0, 0.20),
    _key(86, "short drum hit", 0.0, 1.0, 0.35),
    _key(87, "long drum hit", 0.0, 1.0, 0.35),
)
# In the orchestra's kit the toms and cymbals are timpani, one a semitone from F to the F above.
_TIMPANI: Final = tuple(_key(key, "timpani", 0.20, 0.0, 0.30) for key in range(41, 54))
_ORCHESTRA_KEYS: Final = (
    _key(27, "closed hi-hat", -0.35, -2.0, 0.05),
    _key(28, "pedal hi-hat", -0.35, -2.0, 0.05),
    _key(29, "open hi-hat", -0.35, -2.0, 0.10),
    _key(30, "ride", 0.45, -2.0, 0.10),
    _key(35, "concert bass drum", -0.15, 1.0, 0.35),
    _key(36, "concert bass drum", -0.15, 1.0, 0.35),
    _key(38, "concert snare", 0.10, 3.0, 0.30),
    _key(39, "castanets", -0.35, 6.0, 0.20),
    _key(40, "concert snare", 0.10, 3.0, 0.30),
    *_TIMPANI,
    _key(57, "concert cymbals", 0.30, 0.0, 0.35),
    _key(59, "concert cymbals", 0.30, 0.0, 0.35),
)
_BRUSH_KEYS: Final = (
    _key(39, "brush slap", -0.05, 0.0, 0.15),
    _key(40, "brush swirl", -0.05, -2.0, 0.15),
)

DRUM_KIT: Final[Mapping[int, DrumKey]] = {row.key: row for row in _DRUM_KEYS}
"""The keys of the standard kit, which every kit has."""

STANDARD: Final = 0
CHIP: Final = 80
"""All of it is synthesised."""
KITS: Final[Mapping[int, DrumKit]] = {
    kit.program: kit
    for kit in (
        DrumKit(program=STANDARD, name="standard"),
        DrumKit(program=8, name="room", send=0.10),
        DrumKit(program=16, name="power", send=0.05),
        DrumKit(program=24, name="electronic"),
        DrumKit(program=25, name="808"),
        DrumKit(program=32, name="jazz", send=0.05),
        DrumKit(program=40, name="brush", keys={row.key: row for row in _BRUSH_KEYS}, send=0.05),
        DrumKit(
            program=48,
            name="orchestra",
            keys={row.key: row for row in _ORCHESTRA_KEYS},
            chokes={29: frozenset({27, 28, 29}), 81: _CHOKES[81]},
        ),
        DrumKit(program=CHIP, name="chip"),
    )
}
"""The kits by number."""
