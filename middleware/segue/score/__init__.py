"""The composer (labelled music by rule) and the sampler (notes to 48 kHz stereo)."""
