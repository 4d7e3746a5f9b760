"""Times and durations as people read them: "1:04.52", "320ms", "0.4 s"."""

from __future__ import annotations


def clock_text(seconds: float, digits: int) -> str:
    """A moment in minutes and seconds: "1:04.52".

    Args:
        seconds: From the start, 0 or more.
        digits: Of the fraction of a second, 1 or more; the last one is rounded.
    """
    parts = 10**digits
    # Rounded twice: a sample's time in seconds is not exact, and one halfway between two digits would go either way.
    total = round(round(seconds * parts, 6))
    return f"{total // parts // 60}:{total // parts % 60:02d}.{total % parts:0{digits}d}"


def duration_text(seconds: float, *, in_prose: bool = False) -> str:
    """A duration with up to two digits after the point.

    Args:
        seconds: 0 or more.
        in_prose: As in a sentence, "0.32 s"; otherwise as a rule file has it, "320ms", "1.5s".
    """
    if in_prose:
        return f"{round(seconds, 2):g} s"
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    return f"{seconds:.2f}".rstrip("0").rstrip(".") + "s"
