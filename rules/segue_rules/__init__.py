"""The rule language: load a soundtrack, direct it frame by frame, check it, test it."""
