"""The composer: game music by rule, from arrangements of styles, as a pure function of a seed and the conditioning."""
