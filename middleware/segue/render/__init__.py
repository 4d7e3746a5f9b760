"""Renders a soundtrack offline: rules and events to frames, sound, notes and files."""
