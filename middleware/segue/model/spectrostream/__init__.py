"""SpectroStream in JAX: Magenta RealTime 2's audio codec, stereo sound at 48 kHz to codes and back."""
