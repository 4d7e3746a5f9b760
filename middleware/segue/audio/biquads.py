"""Second-order sections (biquads), as `scipy.signal.sosfilt` applies them, bit for bit, without importing scipy.signal.

`import scipy.signal` loads SciPy's statistics, optimisers and splines: 0.9 s of processor, more than all else that a
service needs before it serves. The filter itself is one compiled module beside them, which is loaded alone. A SciPy
that keeps it elsewhere is asked through its public function.
S samples, C channels, N sections.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# The compiled filter's module, its function: (sections [N, 6], samples [C, S], state [C, N, 2]) -> None, in place.
_MODULE: Final = "scipy.signal._sosfilt"
_FUNCTION: Final = "_sosfilt"


def filtered(
    sections: NDArray[np.float64], samples: NDArray[np.floating], state: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Filter `samples` with the sections, one after the other.

    Args:
        sections: float64 [N, 6]: b0, b1, b2, 1, a1, a2.
        samples: [S] or [S, C].
        state: State of the filter, float64 [N, 2] or [N, 2, C]; None for silence before.
    Returns:
        The sound, float64, of the shape of `samples`, and the state after it.
    """
    shape = (len(sections), 2, *samples.shape[1:])
    before = np.zeros(shape) if state is None else state
    if before.shape != shape:
        raise ValueError(f"state: expected shape {shape}, got {before.shape}")
    # The filter works in place, on channels one after the other: both are copies.
    sound = np.array(samples.reshape(len(samples), -1).T, np.float64, order="C")
    memory = np.array(np.moveaxis(before.reshape(len(sections), 2, -1), 2, 0), np.float64, order="C")
    _compiled()(sections, sound, memory)
    return sound.T.reshape(samples.shape), np.moveaxis(memory, 0, 2).reshape(shape)


@lru_cache(maxsize=1)
def _compiled() -> Callable[[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], Any]:
    """SciPy's filter."""
    import scipy

    found = PathFinder.find_spec(_MODULE, [str(Path(scipy.__file__).parent / "signal")])
    if found is not None and found.loader is not None:
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        alone: Callable[..., Any] | None = getattr(module, _FUNCTION, None)
        if alone is not None:
            return alone
    return _public


def _public(sections: NDArray[np.float64], sound: NDArray[np.float64], memory: NDArray[np.float64]) -> None:
    """The same by SciPy's documented function."""
    from scipy.signal import sosfilt

    sound[...], after = sosfilt(sections, sound, axis=1, zi=np.moveaxis(memory, 0, 1))
    memory[...] = np.moveaxis(after, 1, 0)
