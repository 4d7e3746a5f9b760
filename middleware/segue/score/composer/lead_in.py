"""Lead-ins to a change: a growing fill, something softer, or a release, and which written notes rest meanwhile.

A lead-in is a pure function of the arrangement before, the arrangement after, and how long the change has been known.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from segue.contract import TICKS_PER_BEAT
from segue.score.composer import instruments as gm
from segue.score.composer.bar import Onset
from segue.score.composer.fills import (
    GESTURES,
    SOFT,
    PickupVoice,
    bass_pickup,
    drum_fill,
    entrance_gain,
    last_stroke,
    reverse_cymbal,
    snare_roll,
    strings_up,
    theme_pickup,
    timpani_roll,
    tune_pickup,
)
from segue.score.composer.keyed_random import KeyedRandom, text_key
from segue.score.composer.motif import Motif
from segue.score.composer.ranges import playable
from segue.score.composer.theory import Chord
from segue.score.composer.vocabulary import DRUM_SLOT, FAMILY, Arrangement, BarNote, Part

Kind = Literal["fill", "soft", "release"]

# An arrangement with so much more drive gets a build-up; one with so much less gets a release.
CLIMB: Final = 0.25
_LONGEST: Final = 4.0
# A fill out of quiet music begins softer than one in music that has drums.
_FROM_QUIET, _FROM_LOUD = 58.0, 88.0
# The entrance in place of one whose own gesture would repeat the lead-in.
_ARRIVES: Final = {"glissando": "pluck", "roll": "band"}
_CRASHES: Final = ("hit", "band")
# Music with less drive is not entered with a cymbal.
_CRASHED: Final = 0.55
# Factors at the arrival: on the velocity of all that is played, and, in a release, on the intensity.
_SWELL: Final[dict[Kind, float]] = {"fill": 1.12, "soft": 1.08, "release": 0.7}
_THINNED: Final = 0.35
# Beats at which the tune's pickup has its notes; a release has one falling note.
_PICKUP: Final[dict[Kind, tuple[float, ...]]] = {
    "fill": (-0.75, -0.5, -0.25),
    "soft": (-1.0, -0.5),
    "release": (-0.5,),
}
# A note that begins so shortly before a rest would be cut off at once, so it is left out.
_AT_ONCE: Final = TICKS_PER_BEAT // 8
# Music of so much drive ends with a stroke; music with less just stops.
_FIGHT: Final = 0.7


class Turn(NamedTuple):
    """The arrangement of a lead-in: what it leads from and to, and when.

    Attributes:
        out_of, into: The arrangements before and after.
        seed: The session's.
        beat: The arrival, in beats from the session's start.
        known: Beats of notice.
        meter: Beats a bar.
        drums: As in Moment.
        chord, target: What sounds before and at the arrival.
        bass, tune: The voices that may play a pickup.
        beat_ms: Length of a beat.
        theme: What the music after quotes, else what the music before does; the pickup is a fragment of it.
    """

    out_of: Arrangement
    into: Arrangement
    seed: int
    beat: int
    known: float
    meter: int
    drums: int
    chord: Chord
    target: Chord
    bass: PickupVoice | None
    tune: PickupVoice | None
    beat_ms: int
    theme: Motif | None = None

    @property
    def climbs(self) -> bool:
        return self.into.drive >= self.out_of.drive + CLIMB


class LeadIn(NamedTuple):
    """Notes around an arrival, and which written notes rest or change for them.

    A written note's `position` is its ticks after the arrival; `left` says whether its arrangement is the one before.

    Attributes:
        ticks: Of the onsets, rising, for bisection; negative before the arrival.
        rests: Role and ticks before the arrival from which on that role's written notes rest.
        span: Ticks before the arrival in which the rest of the music follows: velocities move to `swell`, intensity to
            `thinned`, as factors.
        lets_go: Whether the arrangement before stays that way, without drums, until it is silent.
    """

    ticks: tuple[int, ...]
    onsets: tuple[Onset, ...]
    rests: tuple[tuple[str, int], ...]
    span: int
    swell: float
    thinned: float
    lets_go: bool

    def silences(self, onset: Onset, position: int, *, left: bool) -> bool:
        """Return whether a written note is left out."""
        if position >= 0:
            return self.lets_go and left and onset.role == "drums"
        goes_on = onset.through and not self.lets_go
        return not goes_on and any(role == onset.role and position >= -ticks - _AT_ONCE for role, ticks in self.rests)

    def lasting(self, onset: Onset, position: int) -> int:
        """Return ticks of a written note, shortened where its role plays in the lead-in."""
        room = [-ticks - position for role, ticks in self.rests if role == onset.role and position < -ticks - _AT_ONCE]
        return min(onset.ticks, *room) if room else onset.ticks

    def velocity(self, position: int, *, left: bool) -> float:
        """Return the factor on the velocity of a written note."""
        return 1 + (self.swell - 1) * self._progress(position, left)

    def intensity(self, position: int, *, left: bool) -> float:
        """Return the factor on the intensity that decides which written notes sound."""
        return 1 + (self.thinned - 1) * self._progress(position, left)

    def _progress(self, position: int, left: bool) -> float:
        if position >= 0:
            return 1.0 if self.lets_go and left else 0.0
        return max(0.0, 1 + position / self.span) if self.span else 0.0


NO_LEAD_IN: Final = LeadIn((), (), (), 0, 1.0, 1.0, False)


def drummer(out_of: Arrangement, into: Arrangement, drums: int) -> Arrangement | None:
    """Return the arrangement whose drums play a fill: the one before, else the one after; None without drums."""
    if drums == 0:
        return None
    ready = (row for row in (out_of, into) if row.kit.fill and (row.kit.own or drums == 1))
    return next(ready, None)


def kind_of(out_of: Arrangement, into: Arrangement, drums: int) -> Kind:
    """Return the kind of lead-in from one arrangement to the other."""
    if into.drive <= out_of.drive - CLIMB:
        return "release"
    return "soft" if drummer(out_of, into, drums) is None else "fill"


@lru_cache(maxsize=256)
def lead_in(turn: Turn) -> LeadIn:
    """Return the lead-in to a change, as long as the notice allows: half a beat to a bar."""
    kind = kind_of(turn.out_of, turn.into, turn.drums)
    random = KeyedRandom(turn.seed, turn.beat, text_key(turn.into.notes_key), 31)
    span = _span(turn, kind, random)
    last_beat = min(span, 1.0)
    parts, rests = _body(turn, kind, span, random)
    if turn.bass is not None and kind != "release" and span >= 1:
        parts.append(bass_pickup(turn.bass, turn.chord, turn.target, busy=kind == "fill"))
        rests.append(("bass", last_beat if kind == "fill" else 0.5))
    if turn.tune is not None:
        parts.append(_tune_pickup(turn, turn.tune, kind, span))
        rests.append(("melody", last_beat))
    onsets = sorted(_onsets(turn, [*parts, *_landing(turn, kind)]))
    return LeadIn(
        tuple(onset.tick for onset in onsets),
        tuple(onsets),
        tuple((role, round(beats * TICKS_PER_BEAT)) for role, beats in rests),
        round(span * TICKS_PER_BEAT),
        _SWELL[kind],
        _THINNED if kind == "release" else 1.0,
        kind == "release",
    )


def _tune_pickup(turn: Turn, player: PickupVoice, kind: Kind, span: float) -> Part:
    if turn.theme is not None and kind != "release" and span >= 1:
        quoted = theme_pickup(player, turn.theme, turn.chord, turn.target, 1.0)
        if quoted is not None:
            return quoted
    places = tuple(at for at in _PICKUP[kind] if at >= -span)
    return tune_pickup(player, turn.chord, turn.target, places, down=kind == "release")


def _span(turn: Turn, kind: Kind, random: KeyedRandom) -> float:
    """Return the beats of lead-in: a build-up takes a bar, the rest two beats or one, where there is notice enough."""
    bar = min(_LONGEST, float(turn.meter))
    wanted = bar if kind == "fill" and turn.climbs else random.choice((1.0, 2.0, 2.0))
    spans = sorted({min(wanted, bar), min(wanted, 2.0), 1.0, 0.5}, reverse=True)
    return next((span for span in spans if span <= turn.known), 0.5)


def _body(turn: Turn, kind: Kind, span: float, random: KeyedRandom) -> tuple[list[Part], list[tuple[str, float]]]:
    """Return the parts over the whole span, and which roles rest for how many beats before the arrival."""
    last_beat = min(span, 1.0)
    if kind == "release":
        playing = drummer(turn.out_of, turn.out_of, turn.drums)
        if playing is None or span < 1 or turn.out_of.drive < _FIGHT:
            return [], [("drums", last_beat)]
        return last_stroke(playing, turn.chord), [("drums", last_beat)]
    playing = drummer(turn.out_of, turn.into, turn.drums)
    if playing is None:
        soft = SOFT[turn.into.entrance](turn.chord, last_beat)
        return (soft + strings_up(turn.chord, min(span, 2.0)) if turn.climbs else soft), []
    quiet = _FROM_LOUD if playing is turn.out_of else _FROM_QUIET
    parts = drum_fill(playing, span, quiet, random)
    if playing.kit.fill_program >= 0:
        parts += timpani_roll(turn.chord, last_beat) + snare_roll(last_beat)
    if turn.climbs and span >= 1:
        parts += reverse_cymbal(min(span, 2.0), turn.beat_ms / 1000)
    # Over a longer fill the groove goes on at first.
    return parts, [("drums", min(span, 2.0))]


def _landing(turn: Turn, kind: Kind) -> list[Part]:
    """Return the parts that mark the arrival: the entrance of the arrangement after, and a cymbal after a fill."""
    entrance = "none" if turn.into is turn.out_of else _ARRIVES.get(turn.into.entrance, turn.into.entrance)
    parts = GESTURES[entrance](turn.target)
    if kind == "fill" and turn.into.kit.crash and turn.into.drive >= _CRASHED and entrance not in _CRASHES:
        parts = [*parts, Part(DRUM_SLOT, "drums", gm.KIT_PROGRAM, (BarNote(0.0, 1.0, turn.into.kit.crash, 88, 0.0),))]
    return parts


def _onsets(turn: Turn, parts: list[Part]) -> Iterator[Onset]:
    for part in parts:
        for note in part.notes:
            into = turn.into if note.start >= 0 or turn.into.drive > turn.out_of.drive else turn.out_of
            gain = entrance_gain(into, FAMILY[part.role])
            yield Onset(
                round(note.start * TICKS_PER_BEAT),
                round(note.beats * TICKS_PER_BEAT),
                part.program,
                playable(part.program, note.pitch),
                note.velocity * gain,
                note.level,
                part.role,
                FAMILY[part.role],
                part.slot,
            )
