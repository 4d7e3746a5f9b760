"""Why a connection did not come about, from what libzmq tells of it, and when to try again. No socket, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import zmq

from segue_sdk.happenings import ConnectionFailed

# Seconds to the first next try, and at most: where another try helps as soon as the service is there, and where
# somebody has to mend something first.
_SOON: Final = (0.2, 1.0)
_LATER: Final = (1.0, 10.0)
_SELDOM: Final = (5.0, 60.0)

_MISMATCH: Final = zmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
# What libzmq tells where the service answers the token with ZMTP's command ERROR. Its own service gets its status code
# through; of any other it says that the command was not expected.
_ERROR_COMMAND: Final = (
    zmq.PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND,
    zmq.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR,
)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """code, text: as in ConnectionFailed."""

    code: str
    text: str


class Failures:
    """Names failures for one address. token: whether the client gives one."""

    def __init__(self, address: str, *, token: bool) -> None:
        self._address, self._token = address, token

    def handshake(self, event: int, value: int) -> Failure:
        """The handshake failed. event, value: of the socket's monitor."""
        if event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
            return self._refused()
        if event == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
            if value == _MISMATCH:
                return self._mismatch()
            if value in _ERROR_COMMAND:
                return self._refused()
            return self.no_service()
        return self.broken_off()

    def asks_for(self, mechanism: str) -> Failure | None:
        """A failure to agree with a peer that asks for this mechanism of ZMTP; None if that was not the reason."""
        return self._mismatch() if mechanism and mechanism != ("PLAIN" if self._token else "NULL") else None

    def unreachable(self) -> Failure:
        """Nobody takes the connection."""
        return Failure(
            code="unreachable",
            text=f"nothing listens at {self._address}; check that the service runs there (`segue serve`, whose --bind "
            "is this address) and that no firewall is in between",
        )

    def no_route(self) -> Failure:
        """The connection is neither taken nor refused."""
        return Failure(
            code="unreachable",
            text=f"{self._address} does not answer; check the host and the port, and that no firewall is in between",
        )

    def unknown_host(self, host: str, error: OSError) -> Failure:
        """The name has no address."""
        return Failure(
            code="unknown_host",
            text=f"{self._address}: the host {host!r} cannot be found ({error.strerror or error}); check its spelling, "
            "and the network",
        )

    def no_answer(self) -> Failure:
        """The connection is taken, and then nothing."""
        return Failure(
            code="no_answer",
            text=f"{self._address} takes the connection but says nothing; it is busy, holds back whoever gave wrong "
            "tokens, or is no Segue service",
        )

    def broken_off(self) -> Failure:
        """The connection ended before the handshake did, without a reason."""
        token = "refuses the token, " if self._token else "needs a token, "
        return Failure(
            code="broken_off",
            text=f"{self._address} closed the connection during the handshake; it {token}is stopping, has no room, "
            "or is no Segue service: its log may say which",
        )

    def no_service(self) -> Failure:
        """What answers does not speak ZMTP."""
        return Failure(
            code="not_a_service",
            text=f"what answers at {self._address} is no Segue service, or one behind TLS; check the port",
        )

    def unusable(self, error: Exception) -> Failure:
        """The system takes no such connection."""
        return Failure(code="unreachable", text=f"{self._address}: {error}")

    def _refused(self) -> Failure:
        if not self._token:
            return Failure(
                code="token_needed",
                text=f"the service at {self._address} refuses who gives no token; give SegueClient its token",
            )
        return Failure(
            code="token_refused",
            text=f"the service at {self._address} refuses the token; give SegueClient the one that the service was "
            "started with (`segue serve --token`, or SEGUE_TOKEN)",
        )

    def _mismatch(self) -> Failure:
        if self._token:
            return Failure(
                code="token_not_needed",
                text=f"the service at {self._address} takes no token and this client gives one; leave the token out, "
                "or start the service with it",
            )
        return Failure(
            code="token_needed",
            text=f"the service at {self._address} needs a token; give SegueClient the one that the service was "
            "started with (`segue serve --token`, or SEGUE_TOKEN)",
        )


_PACE: Final = {
    "token_refused": _SELDOM,
    "token_needed": _SELDOM,
    "token_not_needed": _SELDOM,
    "unreachable": _SOON,
    "broken_off": (0.2, 5.0),
    "unknown_host": _LATER,
    "no_answer": _LATER,
    "not_a_service": _LATER,
}

# Tries that break off without a reason before that is told: who refuses the mechanism may close so soon that libzmq
# does not get to know why.
_UNEXPLAINED: Final = 3
_EXPLAINED: Final = frozenset(("token_refused", "token_needed", "token_not_needed"))


class Retrying:
    """Longer pauses the more tries fail in the same way, and each way told once until a connection stands."""

    def __init__(self) -> None:
        self._code = ""
        self._told: set[str] = set()
        self._wait_s = 0.0
        self._broken_off = 0

    def connected(self) -> None:
        """A connection stands."""
        self._code, self._wait_s, self._broken_off = "", 0.0, 0
        self._told.clear()

    def failed(self, failure: Failure) -> tuple[float, ConnectionFailed | None]:
        """Seconds until the next try, and what the game is told, if it does not know yet."""
        first, most = _PACE[failure.code]
        self._wait_s = min(most, 2 * self._wait_s) if failure.code == self._code else first
        self._code = failure.code
        self._broken_off += failure.code == "broken_off"
        if failure.code in self._told or not self._says_enough(failure.code):
            return self._wait_s, None
        self._told.add(failure.code)
        told = ConnectionFailed(code=failure.code, text=failure.text, retry_ms=round(self._wait_s * 1000))
        return self._wait_s, told

    def _says_enough(self, code: str) -> bool:
        """Whether a failure is worth telling: one without a reason not before a few tries, nor after one with it."""
        return code != "broken_off" or (self._broken_off >= _UNEXPLAINED and not self._told & _EXPLAINED)
