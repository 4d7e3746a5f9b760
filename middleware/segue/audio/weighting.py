"""K-weighting: the two filters through which loudness is measured, at 48 kHz.

Source: ITU-R BS.1770-4, annex 1, tables 1 and 2.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio.biquads import filtered

# Second-order sections for 48 kHz as printed: a shelf for the head, then a high-pass (RLB).
K_WEIGHTING: Final = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
# Loudness in LUFS is this plus 10 log10 of the summed channel powers.
LOUDNESS_OFFSET: Final = -0.691


def k_weighted(samples: NDArray[np.floating]) -> NDArray[np.float64]:
    """`samples` [S, C] at 48 kHz as the loudness measure hears them: float64 [S, C]."""
    return filtered(K_WEIGHTING, samples)[0]


def loudness(power: float) -> float:
    """LUFS of a summed mean square of K-weighted channels; -inf for silence."""
    return LOUDNESS_OFFSET + 10 * float(np.log10(power)) if power > 0 else -float("inf")
