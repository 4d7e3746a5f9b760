"""Training of the bundled language model: what it learns from, and what it is judged by while it learns."""
