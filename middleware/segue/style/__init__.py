"""Text and sound to styles: the word table, the situations, simple audio features."""
