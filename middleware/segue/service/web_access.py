"""Which web pages may connect: a browser says where a page comes from (Origin), and by which name it called (Host).

A page of any site can open a WebSocket to the player's own machine; only the service can refuse it. Programs that are
no browsers send no Origin, or any they like: for them there is the token.

Source: RFC 6455 section 10.2, RFC 6454.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from segue_yaml.nodes import quote

_HOST: Final = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^\[\]:@/\s]+)(?::\d{1,5})?")
_ORIGIN: Final = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[^/?#@\s]+)")
# Pages of this machine, whatever their port.
_OWN_SCHEMES: Final = ("http", "https")
_OWN_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, kw_only=True)
class WebAccess:
    """Who may connect to one WebSocket address.

    Attributes:
        origins: Of pages, as browsers write them; empty for the pages of this machine (http and https, any port).
        loopback: Whether the address is on loopback; then the host's name has to be of this machine, or that of a
            listed page. Otherwise a page whose name an attacker points at 127.0.0.1 would count as the same site.
    """

    origins: tuple[str, ...] = ()
    loopback: bool = True

    def problem(self, origins: Sequence[str], hosts: Sequence[str]) -> str | None:
        """Return why a request is refused; None if it is not.

        Args:
            origins: The values of its header Origin; a program that is no browser sends none.
            hosts: The values of its header Host.
        """
        if len(hosts) != 1:
            return f"Host: expected one, got {len(hosts)}"
        if self.loopback and not self._is_own_host(hosts[0]):
            return f"Host: expected localhost, a loopback address or the host of a --web-origin, got {quote(hosts[0])}"
        if len(origins) > 1:
            return f"Origin: expected at most one, got {len(origins)}"
        if origins and not self._is_allowed(origins[0]):
            expected = (
                "one of --web-origin" if self.origins else "a page of this machine, or one allowed by --web-origin"
            )
            return f"Origin: expected {expected}, got {quote(origins[0])}"
        return None

    def _is_allowed(self, origin: str) -> bool:
        if self.origins:
            return origin in self.origins
        match = _ORIGIN.fullmatch(origin)
        return match is not None and match["scheme"] in _OWN_SCHEMES and _name(match["host"]) in _OWN_HOSTS

    def _is_own_host(self, host: str) -> bool:
        name = _name(host)
        if name is None:
            return False
        listed = (match["host"] for origin in self.origins if (match := _ORIGIN.fullmatch(origin)))
        return name == "localhost" or _is_loopback(name) or name in map(_name, listed)


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str | None:
    """Return a host without its port, in lower case; None if it is no host."""
    match = _HOST.fullmatch(host)
    return match["name"].lower() if match else None
