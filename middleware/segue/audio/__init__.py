"""Waveforms: fades, resampling, loudness, limiting, files, measures. float32 arrays of shape [S, C]; no JAX."""
