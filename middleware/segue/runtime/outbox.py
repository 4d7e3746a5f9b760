"""What a session tells: receipts once and for all, decisions as they stand, chunks by number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from segue.contract import FRAME_SIZE, NoteEvent, Samples
from segue.runtime.announcer import Announcer
from segue.runtime.beats import clock
from segue.runtime.edition import Planned
from segue.runtime.messages import ChunkOut, Message, ReceiptOut
from segue.runtime.wants import Job
from segue_rules.events import Receipt

# Receipts kept, so that an event sent again gets the answer it got.
_RECEIPTS_KEPT = 1_024


class Outbox:
    """Messages in the order they are said."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._announcer = Announcer()
        self._receipts: dict[int, ReceiptOut] = {}
        self._chunks = 0
        # The greatest event number answered; 0 for none.
        self.last_event = 0

    def take(self) -> list[Message]:
        """Everything said since the last call."""
        said, self._messages = self._messages, []
        return said

    def say(self, message: Message) -> None:
        self._messages.append(message)

    def tell(self, frames: Iterable[Planned]) -> None:
        """What was decided in these frames, as far as it was not told so already."""
        self._messages += self._announcer.tell(frame.plan for frame in frames)

    @property
    def told(self) -> int:
        """The first frame after all that were told of."""
        return self._announcer.end

    def withdraw(self, frame: int, waiting: Collection[str]) -> None:
        """Take back what was promised before `frame`, but for stingers that still wait for their beat."""
        self._messages += self._announcer.withdraw(frame, waiting)

    def forget(self, frame: int) -> None:
        """Frames before `frame` are final."""
        self._announcer.forget(frame)

    def has_answered(self, sequence: int) -> bool:
        """Whether the answer that an event of this number got is kept."""
        return sequence in self._receipts

    def answered(self, sequence: int) -> Receipt | None:
        """The answer that an event of this number got, said again; None if it got none."""
        answer = self._receipts.get(sequence)
        if answer is None:
            return None
        self._messages.append(answer)
        return answer.receipt

    def answer(self, receipt: Receipt, reachable: int) -> None:
        """An event's first answer."""
        answer = ReceiptOut(receipt=receipt, reachable=reachable)
        self._receipts[receipt.sequence] = answer
        self.last_event = max(self.last_event, receipt.sequence)
        if len(self._receipts) > _RECEIPTS_KEPT:
            del self._receipts[next(iter(self._receipts))]
        self._messages.append(answer)

    def chunk(
        self,
        job: Job,
        take: int,
        samples: Samples,
        notes: tuple[NoteEvent, ...],
        stems: Mapping[str, Samples],
        *,
        generator: str,
        exact_beats: bool,
        mixed: bool,
    ) -> int:
        """A job's sound, and the beats in it. Returns: the chunk's number."""
        self._chunks += 1
        plans = tuple(frame.plan for frame in job.heard)
        start = job.want.change * FRAME_SIZE
        self._messages.append(
            ChunkOut(
                sequence=self._chunks,
                take=take,
                start=start,
                samples=samples,
                plans=plans,
                rules=job.frames[-1].edition.rules,
                generator=generator,
                reason=job.want.reason,
                mixed=mixed,
                notes=tuple(note for note in notes if note.start >= start),
                stems=dict(stems),
            )
        )
        self._messages.append(clock(plans, exact=exact_beats))
        return self._chunks
