"""The wire protocol and the Python client."""
