"""How a loop's end meets its beginning."""

from __future__ import annotations

from segue.contract import SAMPLE_RATE, Samples


def seam_steps(samples: Samples, begin: int, end: int) -> tuple[float, float]:
    """Return the step from the last sample of a loop to its first, and the largest within 100 ms on either side.

    Args:
        samples: The whole file, float32 [S, 2] at 48 kHz.
        begin, end: Of the loop, in samples.
    """
    around = SAMPLE_RATE // 10
    step = float(abs(samples[begin] - samples[end - 1]).max())
    sides = (samples[begin : begin + around], samples[max(begin, end - around) : end])
    inside = max(float(abs(side[1:] - side[:-1]).max(initial=0.0)) for side in sides)
    return step, inside
