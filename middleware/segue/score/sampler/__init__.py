"""Notes to 48 kHz stereo sound: the orchestra, its soundfont, voices, reverb and the streaming mix."""
