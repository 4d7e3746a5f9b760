"""Settings for all tests."""

from __future__ import annotations

from hypothesis.internal.conjecture import providers

# Hypothesis mixes constants from imported local modules into its examples, so even a derandomized test would get other
# examples whenever another module was imported before it. Without them its examples depend on the test alone.
providers._get_local_constants = lambda: providers._local_constants
