"""Segue: a soundtrack that composes itself while the game is played."""

# The same as in the package's metadata, whose library takes longer to import than all that `segue --version` needs.
__version__ = "0.1.0"
