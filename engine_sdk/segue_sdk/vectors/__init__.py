"""The golden vectors: bytes of every message, with what they mean or why they are refused."""
