"""The ZeroMQ service, its health and its metrics."""
