"""The composer: game music by rule, from a table of situations, as a pure function of a seed and the conditioning."""
