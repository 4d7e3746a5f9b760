"""Sessions of running games, read from the recordings that their services write."""
