"""The golden vectors: bytes of every message with their meaning or the code of their refusal."""
