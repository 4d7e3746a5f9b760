"""The wire protocol, and all a Python client needs to speak it and to play what it hears.

`codec` and `messages` are the wire; `session` and `timeline` the client without sockets, clocks or NumPy; `client`
joins them over ZeroMQ. Import what you need from its module: importing this package loads nothing.
"""
