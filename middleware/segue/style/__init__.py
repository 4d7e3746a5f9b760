"""Words and sounds to styles: the static word table, the situations it is measured against, and simple audio features."""
