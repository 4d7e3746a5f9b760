"""Text and sound to style profiles: the named styles, tables of words, the word table, simple audio features."""
