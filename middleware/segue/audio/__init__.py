"""Waveforms: fades, resampling, loudness, limiting, files. NumPy only; float32 arrays of shape [S, C]."""
