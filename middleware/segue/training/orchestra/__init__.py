"""Cutting the bundled orchestra from a public SoundFont: fetch, cut, write, describe."""
