"""Trains the audio tower, which embeds a recording: `python -m segue.training.tower`."""
