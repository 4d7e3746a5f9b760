"""Magenta RealTime 1: an encoder over the last ten seconds and the style, a decoder of chunks of up to two."""
