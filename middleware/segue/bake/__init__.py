"""Bakes a rule file for platforms where no service can run: loops of sound, and the rules as data that decide."""
