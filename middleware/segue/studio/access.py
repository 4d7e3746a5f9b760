"""Who gets anything from the studio's web server: pages that it served itself, to whoever has its address.

Any page of the web can send requests to this machine, and a name that an attacker points at 127.0.0.1 counts as the
same site for the browser. So the address has a token that nobody can guess, and the server looks at the headers Host,
Origin and Sec-Fetch-Site, which a page cannot choose.

Source: RFC 6454 (Origin), W3C Fetch Metadata, W3C Content Security Policy Level 3.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BODY_BYTES: Final = 4 << 20
"""Of a request: a rule file has 1 MiB at most, in JSON at most twice that, and an event script besides."""
_READING: Final = ("GET", "HEAD")
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cache-control", b"no-store"),
)


class _TooLargeError(Exception):
    """The body of a request is longer than MOST_BODY_BYTES."""


class Access:
    """Passes on the requests of the studio's own page, and refuses all others with a short text.

    Attributes:
        hosts: How the page may call the server: `127.0.0.1:PORT`, `localhost:PORT`.
    """

    def __init__(self, app: App, token: str, port: int, policy: str) -> None:
        """Guard an application.

        Args:
            app: Gets paths without the token.
            token: The first part of every path.
            port: Of the server.
            policy: The content security policy of all answers.
        """
        self.hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        self._app = app
        self._token = token.encode()
        self._headers = (*_HEADERS, (b"content-security-policy", policy.encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"expected HTTP requests alone, got {scope['type']}")
        refusal = self._refusal(scope)
        if refusal is not None:
            await self._refuse(send, *refusal)
            return
        path = "/" + scope["path"].split("/", 2)[2]
        begun = False
        body = _Body(receive)

        async def answer(message: Message) -> None:
            nonlocal begun
            if body.is_too_large and not begun:
                # What the application makes of the exception, a server error.
                return
            if message["type"] == "http.response.start":
                begun = True
                message = {**message, "headers": [*message.get("headers", ()), *self._headers]}
            await send(message)

        try:
            inner = {**scope, "path": path, "raw_path": path.encode(), "root_path": ""}
            await self._app(inner, body.receive, answer)
        except _TooLargeError:
            if not begun:
                await self._refuse(send, 413, f"expected at most {MOST_BODY_BYTES} bytes")

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Why a request gets nothing, as status and text; None if it is passed on."""
        hosts, origins = _values(scope, b"host"), _values(scope, b"origin")
        sites = _values(scope, b"sec-fetch-site")
        if len(hosts) != 1 or hosts[0] not in self.hosts:
            return 421, f"Host: expected {' or '.join(self.hosts)}"
        first, has_more = scope["path"][1:].partition("/")[:2]
        if not hmac.compare_digest(first.encode(), self._token) or not has_more:
            return 404, "not found; open the address that segue studio printed"
        own = f"http://{hosts[0]}"
        if any(origin != own for origin in origins) or len(origins) > 1:
            return 403, f"Origin: expected {own}"
        reads = scope["method"] in _READING
        if not reads and not origins:
            return 403, f"Origin: expected {own}, got none"
        # "none": the address was typed, opened from a bookmark or by a program.
        if any(site not in (("same-origin", "none") if reads else ("same-origin",)) for site in sites):
            return 403, "Sec-Fetch-Site: expected same-origin"
        return None

    async def _refuse(self, send: Send, status: int, text: str) -> None:
        headers = [(b"content-type", b"text/plain; charset=utf-8"), *self._headers]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": (text + "\n").encode()})


def content_policy(music: str, nonce: str) -> str:
    """The content security policy: everything from this server, and music from the service.

    Args:
        music: The service's WebSocket address; "" for none.
        nonce: What the style sheets that the editor writes into the page carry.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            f"connect-src 'self' {music}".rstrip(),
            "img-src 'self' data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _values(scope: Scope, name: bytes) -> Sequence[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


class _Body:
    """The body of a request, of MOST_BODY_BYTES at most."""

    def __init__(self, receive: Receive) -> None:
        self.is_too_large = False
        self._receive = receive
        self._count = 0

    async def receive(self) -> Message:
        """Return the next part. Raises: _TooLargeError."""
        message = await self._receive()
        self._count += len(message.get("body", b""))
        if self._count > MOST_BODY_BYTES:
            self.is_too_large = True
            raise _TooLargeError
        return message
