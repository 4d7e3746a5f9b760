"""Reads a folder of recordings and proposes the `clips:` of a rule file for them.

found = read_folder(Path("stems"))
print(clips_text(found.clips, Path()))
"""

from segue.clip_import.reading import FoundClip, FoundCue, FoundFolder, Hints, read_folder
from segue.clip_import.writing import clips_text, rule_file_text

__all__ = ["FoundClip", "FoundCue", "FoundFolder", "Hints", "clips_text", "read_folder", "rule_file_text"]
