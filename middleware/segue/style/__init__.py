"""Words and sounds to styles: the static word table, the situations it knows, simple audio features."""
