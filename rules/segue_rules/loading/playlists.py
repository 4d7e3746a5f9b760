"""Builds the pieces of playlists from what the files say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import cast

from segue_rules.loading.clips import build_uses
from segue_rules.loading.grammar_layers import BetweenTable, PieceTable, PlaylistTable, StateTable
from segue_rules.loading.inputs import DeclaredInputs
from segue_rules.loading.limits import LONGEST_STATE_NAME
from segue_rules.loading.music import build_mix, build_music
from segue_rules.loading.rule_kinds import BETWEEN
from segue_rules.loading.sources import Sources
from segue_rules.loading.themes import theme_use
from segue_rules.loading.time_kinds import drawn_time, duration
from segue_rules.model import PIECE_SEPARATOR, LayerState, Length, MusicalTime, Piece, PlaylistOrder, TimeRange
from segue_yaml.containers import Item
from segue_yaml.tables import Record


def pieces_of(state: LayerState, record: Record, sources: Sources, inputs: DeclaredInputs) -> tuple[LayerState, ...]:
    """A state for each piece of its playlist, that between the others last; the state alone without a playlist."""
    playlist = record.get(StateTable.playlist)
    if playlist is None:
        return (state,)
    items = tuple(item for item in playlist.get(PlaylistTable.pieces) or () if item.value is not None)
    between = playlist.get(PlaylistTable.between)
    _check(playlist, items)
    _check_mix(record, [item.value.has(PieceTable.mix) for item in items if item.value is not None], between)
    shared = Piece(
        order=cast(PlaylistOrder, playlist.value(PlaylistTable.order)),
        avoid_last=_avoided(playlist, len(items)),
        state_mark=state.mark,
    )
    pieces = list(_pieces(items, shared))
    if between is not None:
        quiet = replace(shared, length=_length(between.get(BetweenTable.for_)), between=True)
        pieces.append((BETWEEN, between, quiet))
        # A length that could not be read is reported already.
        if items and not any(item.value is not None and item.value.has(PieceTable.for_) for item in items):
            playlist.problem(
                PlaylistTable.between, "no piece of the playlist ends: give one of them a length with 'for'"
            )
    for item in items:
        name = f"{state.name}{PIECE_SEPARATOR}{item.name}"
        if len(name) > LONGEST_STATE_NAME:
            text = f"expected at most {LONGEST_STATE_NAME} characters for '{name}', got {len(name)}"
            playlist.scope.inside("pieces").problem(item.mark, text)
    played = (_played(state, record, (name, piece, rows), sources, inputs) for name, piece, rows in pieces)
    return tuple(played) or (state,)


def _pieces(items: tuple[Item[Record], ...], shared: Piece) -> Iterator[tuple[str, Record, Piece]]:
    for item in items:
        assert item.value is not None
        length = _length(item.value.get(PieceTable.for_))
        yield item.name, item.value, replace(shared, weight=float(item.value.value(PieceTable.weight)), length=length)


def _played(
    state: LayerState, whole: Record, named: tuple[str, Record, Piece], sources: Sources, inputs: DeclaredInputs
) -> LayerState:
    """The state as it is while a piece plays.

    Args:
        whole: What the file says of the state.
    """
    name, record, piece = named
    table = BetweenTable if piece.between else PieceTable
    musics = [music for music in (record.get(table.music), whole.get(StateTable.music)) if music is not None]
    mix = build_mix(record.get(table.mix), sources.styles, record.scope.inside("mix"))
    theme = theme_use(record.get(table.theme), sources.themes, record.scope.inside("theme"))
    return replace(
        state,
        name=f"{state.name}{PIECE_SEPARATOR}{name}",
        mix=mix if record.has(table.mix) else state.mix,
        clips=build_uses(record.get(table.clips), sources.clips, inputs, record.scope.inside("clips"))
        if record.has(table.clips)
        else state.clips,
        music=build_music(musics, inputs),
        theme=theme if record.has(table.theme) else state.theme,
        piece=piece,
        mark=record.mark,
    )


def _check(playlist: Record, items: tuple[Item[Record], ...]) -> None:
    """Report what a sequence does not have: chance."""
    if playlist.value(PlaylistTable.order) != "sequence":
        return
    if playlist.has(PlaylistTable.avoid_last):
        text = "a sequence has no chance, so it avoids no pieces; did you mean order: random?"
        playlist.problem(PlaylistTable.avoid_last, text)
    for item in items:
        if item.value is not None and item.value.has(PieceTable.weight):
            text = "a piece of a sequence is not drawn, so it has no weight; did you mean order: random?"
            item.value.problem(PieceTable.weight, text)


def _check_mix(record: Record, named: list[bool], between: Record | None) -> None:
    """Warn of a mix of the state that no piece plays.

    Args:
        named: Whether each piece names a mix of its own.
    """
    if record.has(StateTable.mix) and named and all(named) and (between is None or between.has(BetweenTable.mix)):
        text = "is never played, as each piece of the playlist names a mix of its own; leave it out, or that of a piece"
        record.scope.inside("mix").warning(record.mark_of(StateTable.mix), text)


def _avoided(playlist: Record, count: int) -> int:
    """How many of the latest pieces are not drawn again."""
    written = playlist.get(PlaylistTable.avoid_last)
    if written is None:
        return min(1, max(0, count - 1))
    if count and written >= count:
        text = f"expected fewer than the {count} piece{'' if count == 1 else 's'} of the playlist, got {written:g}"
        playlist.problem(PlaylistTable.avoid_last, text)
        return 0
    return int(written)


def _length(written: Fraction | MusicalTime | tuple[Fraction, Fraction] | None) -> Length | TimeRange | None:
    if written is None:
        return None
    return duration(written) if isinstance(written, MusicalTime) else drawn_time(written)
