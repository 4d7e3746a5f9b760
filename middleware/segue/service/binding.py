"""Listening sockets for addresses as ZeroMQ spells them: `tcp://HOST:PORT`, `ipc://PATH`."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket
import stat
import struct
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

# Connections that the kernel holds until they are accepted.
_BACKLOG: Final = 128
# Bytes that the kernel holds of a client that is not read; clients send little.
_RECEIVE_BYTES: Final = 256 << 10
# Descriptors for everything but connections: rule files, recordings, the interpreter.
_OTHER_DESCRIPTORS: Final = 256
# Linux: ask for an interface's IPv4 address.
_SIOCGIFADDR: Final = 0x8915


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A listening socket.

    Attributes:
        socket: The socket.
        address: What clients connect to.
        file: Of an ipc socket, with the time in ns when it was made.
    """

    socket: socket.socket
    address: str
    file: tuple[Path, int] | None = None

    def close(self) -> None:
        """Stop listening, and remove the file of an ipc socket unless another has replaced it."""
        self.socket.close()
        if self.file is not None:
            path, made_ns = self.file
            with contextlib.suppress(OSError):
                # Not compared by inode: a file system reuses that for the next file.
                if path.stat().st_mtime_ns == made_ns:
                    path.unlink()


def bind(address: str) -> Bound:
    """Listen at an address.

    Args:
        address: `tcp://HOST:PORT`, where HOST is an address, an interface, a name or `*`; or `ipc://PATH`, where `*` is
            any free path.

    Raises:
        OSError: That is not possible; the text names the address.
    """
    transport, _, place = address.partition("://")
    try:
        return _bind_ipc(place) if transport == "ipc" else _bind_tcp(place)
    except OSError as error:
        raise OSError(error.errno, f"{address}: {error.strerror or error}") from error


def bind_tcp(host: str, port: int) -> Bound:
    """Listen at a TCP port of a host, which is written without brackets. Raises: OSError."""
    return bind(f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}")


def allow_descriptors(connections: int) -> int:
    """Raise the process's limit on open files, as far as it may, to fit this many connections.

    Returns:
        As many of them as fit, beside what else is opened.
    """
    if sys.platform == "win32":
        return connections
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_DESCRIPTORS
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return connections
    if soft < most:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    return min(connections, max(soft - _OTHER_DESCRIPTORS, soft // 2))


def _bind_tcp(place: str) -> Bound:
    host, _, port = place.rpartition(":")
    family, where = _resolved(host.strip("[]"), int(port))
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # Without it the port of a killed service is not free at once; on Windows it would let others take the port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # Inherited by the connections; it bounds TCP's window only if it is set before `listen`.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
        listener.bind(where)
        return _listening(listener)
    except OSError:
        listener.close()
        raise


def _listening(listener: socket.socket) -> Bound:
    listener.listen(_BACKLOG)
    listener.setblocking(False)
    host, port, *_ = listener.getsockname()
    return Bound(socket=listener, address=f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}")


def _resolved(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    """Return family and socket address of a host."""
    if host == "*":
        return socket.AF_INET, ("0.0.0.0", port)
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).version == 4:
            return socket.AF_INET, (host, port)
    own = _interface_address(host)
    if own is not None:
        return socket.AF_INET, (own, port)
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror as error:
        raise OSError(errno.EADDRNOTAVAIL, f"there is no address, interface or host {host!r}") from error
    return family, where


def _interface_address(name: str) -> str | None:
    """Return the IPv4 address of a network interface; None if it has none or cannot be asked."""
    if sys.platform != "linux" or name not in {known for _, known in socket.if_nameindex()}:
        return None
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked, contextlib.suppress(OSError):
        answer = fcntl.ioctl(asked, _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
        return socket.inet_ntoa(answer[20:24])
    return None


def _bind_ipc(place: str) -> Bound:
    if not hasattr(socket, "AF_UNIX"):
        raise OSError(errno.EAFNOSUPPORT, "this system has no unix sockets; use tcp://127.0.0.1:PORT")
    if place.startswith("@") and sys.platform == "linux":
        name, path = f"\0{place[1:]}", None
    else:
        path = Path(tempfile.mkdtemp(prefix="segue-")) / "socket" if place == "*" else Path(place)
        name = str(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path is not None:
            _clear(path)
        listener.bind(name)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    if path is None:
        return Bound(socket=listener, address=f"ipc://{place}")
    return Bound(socket=listener, address=f"ipc://{path}", file=(path, path.stat().st_mtime_ns))


def _clear(path: Path) -> None:
    """Remove the socket file of a killed service. Raises: OSError if a program listens there, or it is no socket."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise OSError(errno.EEXIST, "expected no file, or the socket of an ended service, got another file")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, "another program listens there")
