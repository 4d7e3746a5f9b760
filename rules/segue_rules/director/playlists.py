"""Playlists: which piece of a state comes next, and when the present one ends (SEMANTICS 19).

A *whole* is a state of the file: all pieces of its playlist, or a single state without one.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from segue_rules.bridges import bridge_name
from segue_rules.director.chance import chance, drawn
from segue_rules.director.state import LayerNow, PieceStart, PlaylistHistory
from segue_rules.director.timing import frames_until
from segue_rules.model import Layer, Length, MusicalTime, Piece, TimeRange, Transition
from segue_rules.plan import TICKS_PER_BEAT, MusicalClock

NOTICE: Final = MusicalTime(count=Fraction(2), unit="bar")
"""How long before its end the change to the next piece is decided, so that the music can lead into it."""


def playing_from(frame: int, clock: MusicalClock) -> PieceStart:
    """A piece that begins in a frame.

    Args:
        clock: Of the frame.
    """
    ticks = -(-clock.ticks // TICKS_PER_BEAT) * TICKS_PER_BEAT
    return PieceStart(frame, ticks, clock.bar if clock.ticks == clock.bar_ticks else clock.bar + 1)


class Playlists:
    """The playlists of one layer.

    Attributes:
        wholes: The indexes of the states of each whole, in file order.
    """

    def __init__(self, layer: Layer, seed: int) -> None:
        self._seed, self._layer = seed, layer
        self.names = tuple(dict.fromkeys(state.written for state in layer.states))
        self.whole_of = tuple(self.names.index(state.written) for state in layer.states)
        every = range(len(layer.states))
        self.wholes = tuple(tuple(i for i in every if self.whole_of[i] == g) for g in range(len(self.names)))
        self._pieces: tuple[Piece | None, ...] = tuple(state.piece for state in layer.states)
        self.any = any(piece is not None for piece in self._pieces)
        self.bridges = tuple(piece is not None and piece.bridge for piece in self._pieces)

    def start(self) -> tuple[PlaylistHistory | None, ...]:
        """What the playlist of each whole has played before the first frame; nothing in a layer without playlists."""
        if not self.any:
            return ()
        return tuple(None if self._pieces[whole[0]] is None else PlaylistHistory(0, ()) for whole in self.wholes)

    def next_piece(self, courses: tuple[PlaylistHistory | None, ...], whole: int, ending: int | None = None) -> int:
        """The state that plays next in a whole.

        Args:
            ending: The piece that ends; None where the whole is entered.
        """
        if ending is not None and self.bridges[ending]:
            ending = None
        course = courses[whole] if courses else None
        if course is None:
            return self.wholes[whole][0]
        pieces = self.drawn_pieces(whole)
        between = next((i for i in self.wholes[whole] if self._is_between(i)), None)
        if ending in pieces and between is not None:
            return between
        first = self._pieces[pieces[0]]
        assert first is not None
        if first.order == "sequence":
            resumed = ending is not None or self._layer.states[pieces[0]].on_return == "resume"
            place = pieces.index(course.last[-1]) + 1 if course.last and resumed else 0
            return pieces[place % len(pieces)]
        rests = set(course.last[-first.avoid_last :] if first.avoid_last else ())
        turn = course.draws % len(pieces)
        if first.order == "shuffle" and turn:
            rests.update(course.last[-turn:])
        left = [i for i in pieces if i not in rests]
        number = chance(self._seed, self._layer.name, self.names[whole], "piece", course.draws)
        return left[drawn([piece.weight for i in left if (piece := self._pieces[i])], number)]

    def drawn_pieces(self, whole: int) -> tuple[int, ...]:
        """The pieces of a whole but for the one that plays between the others, and bridges."""
        pieces = ((i, self._pieces[i]) for i in self.wholes[whole])
        return tuple(i for i, piece in pieces if piece is not None and not piece.between and not piece.bridge)

    def _is_between(self, state: int) -> bool:
        piece = self._pieces[state]
        return piece is not None and piece.between

    def bridge(self, row: Transition, whole: int) -> int | None:
        """The state that a row's bridge into a whole plays as; None without one."""
        if row.bridge is None:
            return None
        name = bridge_name(row, self.names[whole])
        return next(i for i in self.wholes[whole] if self._layer.states[i].name == name)

    def played(self, courses: tuple[PlaylistHistory | None, ...], state: int) -> tuple[PlaylistHistory | None, ...]:
        """What each playlist has played once a state begins."""
        piece = self._pieces[state]
        if piece is None or piece.between or piece.bridge:
            return courses
        whole = self.whole_of[state]
        course = courses[whole]
        assert course is not None
        most = self.remembered(whole)
        after = PlaylistHistory(course.draws + 1, (*course.last, state)[-most:])
        return tuple(after if g == whole else each for g, each in enumerate(courses))

    def begun(self, courses: tuple[PlaylistHistory | None, ...], state: int) -> tuple[PlaylistHistory | None, ...]:
        """What each playlist has played where a state is active, though other rules may have made it so."""
        course = courses[self.whole_of[state]] if courses else None
        return courses if course is None or course.last[-1:] == (state,) else self.played(courses, state)

    def remembered(self, whole: int) -> int:
        """How many of the latest pieces a playlist remembers."""
        return max(1, len(self.drawn_pieces(whole)) - 1)

    def ends_in(self, now: LayerNow, clock: MusicalClock, frame: int, tempo: int, meter: int) -> int | None:
        """In how many frames the present piece ends at the present tempo and meter; None if it does not end.

        Args:
            clock: Of the frame.
            tempo: In milli-bpm.
            meter: That of the frame before.
        """
        playing, length = now.playing, self._length(now)
        if playing is None or length is None:
            return None
        if isinstance(length, int):
            return max(0, playing.frame + length - frame)
        if length.unit == "beat":
            return frames_until(playing.ticks + int(length.count * TICKS_PER_BEAT), clock, tempo)
        bars = playing.bar + int(length.count) - clock.bar
        return frames_until(clock.bar_ticks + bars * meter * TICKS_PER_BEAT, clock, tempo)

    def _length(self, now: LayerNow) -> Length | None:
        piece = self._pieces[now.active]
        length = None if piece is None else piece.length
        if not isinstance(length, TimeRange):
            return length
        course = now.courses[self.whole_of[now.active]]
        name, draws = self._layer.states[now.active].name, 0 if course is None else course.draws
        number = chance(self._seed, self._layer.name, name, "length", draws)
        return length.low + int(number * (length.high - length.low + 1))

    def why(self, courses: tuple[PlaylistHistory | None, ...], state: int) -> str:
        """Why a piece was chosen, as the text of a cause; "" for a state without a playlist."""
        piece, whole = self._pieces[state], self.whole_of[state]
        if piece is not None and piece.bridge and isinstance(piece.length, MusicalTime):
            return f"is the bridge of its row, of {piece.length.count} bar{'' if piece.length.count == 1 else 's'}"
        course = courses[whole] if courses else None
        if piece is None or course is None:
            return ""
        if piece.between:
            return "plays between two pieces"
        names = [self._layer.states[i].name for i in course.last]
        last = f", after {names[-1]}" if names else ""
        if piece.order == "sequence":
            return f"is next in the sequence{last}"
        return f"is drawn as piece {course.draws + 1} of its {piece.order} playlist, with weight {piece.weight:g}{last}"
