"""Segue: a soundtrack that composes itself while the game is played."""
