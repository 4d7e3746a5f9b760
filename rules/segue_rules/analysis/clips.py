"""Clips that do not fit their bars, each other, or what their state asks for."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from segue_rules.analysis.finding import Finding, state_finding
from segue_rules.analysis.reachability import Reachability, describe
from segue_rules.model import FRAME_SIZE, SAMPLE_RATE, Binding, Clip, Layer, LayerState, Rules

# A loop in seconds is written to a millisecond; a hundredth of a beat is not heard.
_WHOLE_BARS = Fraction(1, 400)


def clips(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    """Everything about clips."""
    known = {clip.name: clip for clip in rules.clips}
    used = {use.clip for layer in rules.layers for state in layer.states for use in state.clips}
    for clip in rules.clips:
        where = f'clip "{clip.name}"'
        if clip.name not in used:
            text = "is declared but no state plays it"
            yield Finding(mark=clip.mark, where=where, code="unused_clip", text=text)
        text = _uneven(clip)
        if text:
            yield Finding(mark=clip.mark, where=where, code="uneven_loop", text=text)
    for layer in rules.layers:
        for state in reachability.states_of(layer):
            playing = [known[use.clip] for use in state.clips]
            yield from _together(layer, state, playing)
            cues = [cue for clip in playing for cue in clip.cues if state.cue in ("", cue.name)]
            if state.enter == "cue" and playing and not cues:
                named, wanted = (f"cue {state.cue}", "this cue") if state.cue else ("cue", "cues")
                text = f"enter: {named} has no effect: none of its clips has {wanted}"
                text += f" ({', '.join(clip.name for clip in playing)})"
                yield state_finding(layer, state, "missing_cues", text)
            if state.enter == "same":
                yield from _over(layer, state, playing, known)
    yield from _left_at_cues(rules, reachability, known)


def _over(layer: Layer, state: LayerState, playing: list[Clip], known: dict[str, Clip]) -> Iterator[Finding]:
    """Clips that play once, and come in as far as one that goes round and round."""
    once = [clip.name for clip in playing if clip.loop is None]
    others = [other for other in layer.states if other.written != state.written and other.clips]
    round_again = [other for other in others if known[other.clips[0].clip].loop is not None]
    if once and round_again:
        other = round_again[0]
        text = (
            f'enter: same lets {once[0]} come in as far as {other.clips[0].clip} of "{other.written}", which repeats; '
            f"{once[0]} plays once, and is silent where that is behind its end; give it a loop, or leave enter out"
        )
        yield state_finding(layer, state, "same_after_the_end", text)


def _left_at_cues(rules: Rules, reachability: Reachability, known: dict[str, Clip]) -> Iterator[Finding]:
    """Rows that start at a cue which no clip of the states that they leave has."""
    for row in rules.transitions:
        if row.at.unit != "cue":
            continue
        left = [
            state
            for layer in rules.layers
            if row.layer in (None, layer.name)
            for state in reachability.states_of(layer)
            if row.from_state in (None, state.written, *state.groups)
        ]
        cues = [cue.name for state in left for use in state.clips for cue in known[use.clip].cues]
        if row.at.cue not in cues if row.at.cue else not cues:
            text = f"at: {row.at} waits for a bar line: no clip of a state that it leaves has "
            text += "this cue" if row.at.cue else "cues"
            yield Finding(mark=row.mark, where=describe(row), code="missing_cues", text=text)


def _uneven(clip: Clip) -> str:
    """Why a loop does not fit its tempo; "" if it does."""
    if clip.loop is None or clip.tempo_mbpm is None:
        return ""
    bars = clip.loop / Fraction(clip.bar_ticks * FRAME_SIZE, clip.tempo_mbpm)
    whole = max(1, round(bars))
    if abs(bars - whole) <= _WHOLE_BARS * whole:
        return ""
    tempo = Fraction(whole * clip.bar_ticks * FRAME_SIZE, 1) / clip.loop / 1000
    length = float(clip.loop / SAMPLE_RATE)
    return (
        f"its loop of {length:.3f} s is {float(bars):.3f} bars at {clip.tempo_mbpm / 1000:g}bpm, so each pass falls "
        f"elsewhere in the bar; {whole} bar{'' if whole == 1 else 's'} would have {float(tempo):.3f}bpm"
    )


def _together(layer: Layer, state: LayerState, playing: list[Clip]) -> Iterator[Finding]:
    """What of the clips of a state, and of the music that it asks for, does not go together."""
    timed = [clip for clip in playing if clip.tempo_mbpm is not None]
    for clip in timed[1:]:
        if clip.tempo_mbpm != timed[0].tempo_mbpm:
            text = f"its clips {timed[0].name} and {clip.name} have {_bpm(timed[0])} and {_bpm(clip)}"
            yield state_finding(layer, state, "clashing_tempo", f"{text}, so they drift apart; clips are not stretched")
    tempo = state.music.tempo_bpm
    if timed and not state.clip_leads:
        wanted = "a tempo that follows an input" if isinstance(tempo, Binding) else f"{tempo:g}bpm"
        text = f"its music asks for {wanted}, its clip {timed[0].name} has {_bpm(timed[0])}: they do not stay together"
        text += "; leave the tempo out, and the music follows the clip"
        yield state_finding(layer, state, "clashing_tempo", text)
    keyed = [clip for clip in playing if clip.key is not None]
    for clip in keyed[1:]:
        if clip.key != keyed[0].key:
            text = f"its clips {keyed[0].name} and {clip.name} are in {keyed[0].key} and {clip.key}"
            yield state_finding(layer, state, "clashing_key", text)
    key = state.music.key
    if keyed and state.mix and key is not None and key != keyed[0].key:
        text = f"its music asks for {key}, its clip {keyed[0].name} is in {keyed[0].key}"
        yield state_finding(layer, state, "clashing_key", f"{text}; leave the key out, and the music follows the clip")


def _bpm(clip: Clip) -> str:
    return f"{(clip.tempo_mbpm or 0) / 1000:g}bpm"
