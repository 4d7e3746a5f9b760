"""A game's session on the screen of `segue play --follow`: it shows what the game does, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

from segue.file_kinds import FilesError
from segue.follow.followed import FollowedSession
from segue.play.dashboard import Dashboard, LogLine, event_text
from segue.play.dials import Dial
from segue.runtime.message_collector import beat_position
from segue.service import wire
from segue_rules.model import Rules
from segue_rules.plan import FramePlan
from segue_sdk.client_events import BeatHeard, MusicArrived
from segue_sdk.limits import FRAME_SIZE, SAMPLE_RATE
from segue_sdk.messages import Declaration
from segue_sdk.messages import Rules as NewRules
from segue_sdk.playback import PlaybackPosition

# Plans that are taken in for one picture: some 50 ms of a core, so that keys are answered while a long session is read.
_MOST_PLANS: Final = 1_000
# How far the picture may run ahead of what is surely heard: the recording grows by a job at a time.
_SLACK: Final = SAMPLE_RATE // 2
_REMINDER_S: Final = 5.0
# So long without new music, and the game has paused it, or its service is gone.
_SILENCE_S: Final = 10.0


class ReadOnlySession:
    """Shows a followed session as it is heard in the game.

    Attributes:
        dashboard: What is shown.
    """

    def __init__(
        self, followed: FollowedSession, clock: Callable[[], float], doubts: Callable[[], Sequence[str]] = tuple
    ) -> None:
        """Prepare to show a session.

        Args:
            followed: The session.
            clock: Seconds that pass evenly.
            doubts: Gives what is doubtful in the styles of the rules that play.
        """
        self.dashboard = Dashboard(doubts)
        self.dashboard.connection, self.dashboard.read_only = "waits for the recording", True
        self._followed, self._clock = followed, clock
        self._ticked_s = clock()
        self._reminded_s = -_REMINDER_S
        self._grown, self._grew_s = 0, self._ticked_s
        self._played = 0.0
        self._rules: Rules | None = None
        self._is_over = False

    def turn(self, dial: Dial) -> None:
        """Remind that the game sets its inputs."""
        self._remind()

    def fire(self, name: str) -> None:
        """As `turn`."""
        self._remind()

    def pause(self) -> None:
        """As `turn`."""
        self._remind()

    def reset(self) -> None:
        """As `turn`."""
        self._remind()

    def cycle_layer(self, index: int) -> None:
        """As `turn`."""
        self._remind()

    def compare(self) -> None:
        """As `turn`."""
        self._remind()

    def show_error(self, text: str) -> None:
        """Show an error from outside the session."""
        self._note("error", text)

    def tick(self) -> None:
        """Read what is new, and move on to what is heard now."""
        now_s = self._clock()
        passed_s, self._ticked_s = now_s - self._ticked_s, now_s
        if self._is_over:
            return
        try:
            self._followed.read()
        except FilesError as error:
            self._end("lost", "error", "; ".join(map(str, error.problems)))
            return
        if self._followed.header is None:
            return
        self._declare()
        if self._followed.made != self._grown:
            self._grown, self._grew_s = self._followed.made, now_s
        is_silent = now_s - self._grew_s > _SILENCE_S
        self.dashboard.connection = "the game is paused or gone" if is_silent else "follows a game"
        heard = self._followed.heard * FRAME_SIZE
        made = self._followed.made * FRAME_SIZE
        self._played = min(max(self._played + passed_s * SAMPLE_RATE, heard), heard + _SLACK, made)
        end = int(self._played) // FRAME_SIZE + 1
        shown = 0
        for plan in islice(self._followed.plans(min(end, self._followed.made)), _MOST_PLANS):
            self._declare()
            self._show(plan, made)
            shown += 1
        if self._followed.ended and shown < _MOST_PLANS:
            self._end("closed", "status", "the session in the game has ended")

    def _declare(self) -> None:
        """Show what plays, if that has changed."""
        header, rules = self._followed.header, self._followed.rules
        assert header is not None
        dashboard, level = self.dashboard, self._followed.level
        generator = header.generators[level] if 0 <= level < len(header.generators) else f"level {level}"
        if self._rules is None:
            dashboard.follow(
                _declaration(rules),
                generator=generator,
                seed=header.config.seed,
                lookahead_s=header.config.lookahead_s,
            )
        elif rules is not self._rules:
            dashboard.handle(NewRules(declaration=_declaration(rules)))
        elif generator != dashboard.generator:
            dashboard.generator_changed(generator, level)
        self._rules = rules

    def _show(self, plan: FramePlan, made: int) -> None:
        """Show the plan of a frame that is heard now.

        Args:
            made: Samples of music that are made.
        """
        dashboard, rules = self.dashboard, self._followed.rules
        at = plan.frame * FRAME_SIZE
        for receipt in plan.receipts:
            event = self._followed.sent[receipt.sequence]
            if not receipt.accepted:
                self._note("error", f"refused: {receipt.text or receipt.code}", at)
                continue
            if event.reset:
                dashboard.reset_dials()
            for name, value in event.set.items():
                if name in dashboard.dials:
                    dashboard.set_dial(dashboard.dials[name].set_to(value))
            text = event_text(event.set, event.fire, reset=event.reset)
            self._note("event", f"{text} ({receipt.text})" if receipt.text else text, at)
        for cue in plan.stingers:
            if cue.kind != "scheduled":
                said = f" {cue.kind}: {cue.reason}" if cue.reason else ""
                self._note("stinger", f"♪ {cue.stinger}{said}", at)
        dashboard.handle(
            MusicArrived(
                start=at,
                count=FRAME_SIZE,
                take=1,
                generator=dashboard.generator,
                reason="extend",
                states={layer.name: state for layer, state in zip(rules.layers, plan.states, strict=True)},
                mix={style.name: share for style, share in zip(rules.styles, plan.mix, strict=True) if share > 0},
            )
        )
        for change in plan.changes:
            dashboard.handle(wire.change(change))
        if plan.beat >= 0:
            beat = beat_position(plan)
            dashboard.handle(
                BeatHeard(
                    at=beat.sample,
                    bar=beat.bar,
                    beat=beat.beat,
                    exact=True,
                    tempo_bpm=plan.controls.tempo_mbpm / 1000,
                    meter=plan.clock.meter,
                    groups=plan.clock.groups,
                )
            )
        dashboard.plan = plan
        dashboard.move_to(PlaybackPosition(played=at, committed=at, have=made, standing=False))

    def _remind(self) -> None:
        now_s = self._clock()
        if now_s - self._reminded_s >= _REMINDER_S:
            self._reminded_s = now_s
            self._note("warning", "the game sets its inputs; here they are only shown")

    def _end(self, connection: str, kind: str, text: str) -> None:
        self._is_over = True
        self.dashboard.connection = connection
        self._note(kind, text)

    def _note(self, kind: str, text: str, at: int | None = None) -> None:
        self.dashboard.add_line(LogLine(kind=kind, at=self.dashboard.position.played if at is None else at, text=text))


def _declaration(rules: Rules) -> Declaration:
    return wire.declaration(rules, "")
