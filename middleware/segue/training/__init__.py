"""Data, losses and evaluation: one script and one config per trained part."""
