"""The word table: distilled from a sentence encoder, measured beside it, written to segue/weights/words."""

from segue.model import require_jax

require_jax()
