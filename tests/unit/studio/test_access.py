"""The web server gives nothing to whoever has no token, or comes from another page."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from segue.studio.access import MOST_BODY_BYTES, Access, content_policy

TOKEN = "a-token-that-nobody-guesses"
HOST = "127.0.0.1:7729"
OWN = f"http://{HOST}"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """An application that answers with the path that it was given, once it has read the body; as Starlette fails."""
    try:
        while (await receive()).get("more_body"):
            pass
    except Exception:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"Internal Server Error"})
        raise
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


def ask(
    path: str, headers: list[tuple[str, str]], method: str = "GET", body: tuple[bytes, ...] = (b"",)
) -> tuple[int, str, dict[str, str]]:
    """The status, the text and the headers of an answer."""
    sent: list[Any] = []
    parts = [{"type": "http.request", "body": part, "more_body": i + 1 < len(body)} for i, part in enumerate(body)]
    scope = {
        "type": "http",
        "path": path,
        "method": method,
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }

    async def receive() -> Any:
        return parts.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Access(echo, TOKEN, 7729, content_policy("ws://127.0.0.1:1", "n"))(scope, receive, send))
    start, end = sent
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], end["body"].decode(), found


def test_the_page_gets_what_it_asks_for() -> None:
    assert ask(f"/{TOKEN}/api/rules", [("host", HOST)])[:2] == (200, "/api/rules")
    assert ask(f"/{TOKEN}/", [("host", "localhost:7729")])[:2] == (200, "/")
    own = [("host", HOST), ("origin", OWN), ("sec-fetch-site", "same-origin")]
    assert ask(f"/{TOKEN}/api/check", own, "POST")[:2] == (200, "/api/check")


@pytest.mark.parametrize(
    "path", ["/", "/api/rules", f"/{TOKEN}", f"/{TOKEN[:-1]}/", f"/{TOKEN}x/", "//", f"//{TOKEN}/", "/é/"]
)
def test_nothing_without_the_token(path: str) -> None:
    status, text, _ = ask(path, [("host", HOST)])
    assert (status, text) == (404, "not found; open the address that segue studio printed\n")


@pytest.mark.parametrize(
    "hosts", [[], ["evil.example"], ["127.0.0.1"], ["127.0.0.1:80"], ["evil.example:7729"], [HOST, "evil.example"]]
)
def test_nothing_under_another_name(hosts: list[str]) -> None:
    status, text, _ = ask(f"/{TOKEN}/", [("host", host) for host in hosts])
    assert (status, text) == (421, f"Host: expected {HOST} or localhost:7729\n")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(
    "origins",
    [["http://evil.example"], ["http://127.0.0.1:8000"], ["https://127.0.0.1:7729"], ["null"], [""], [OWN, OWN]],
)
def test_nothing_for_other_pages(method: str, origins: list[str]) -> None:
    headers = [("host", HOST), *(("origin", origin) for origin in origins)]
    status, text, _ = ask(f"/{TOKEN}/api/rules", headers, method)
    assert (status, text) == (403, f"Origin: expected {OWN}\n")


def test_nothing_is_changed_without_an_origin() -> None:
    for method in ("PUT", "POST", "DELETE"):
        status, text, _ = ask(f"/{TOKEN}/api/rules", [("host", HOST)], method)
        assert (status, text) == (403, f"Origin: expected {OWN}, got none\n")


def test_what_another_site_embeds_or_links_to_gets_nothing() -> None:
    for site in ("cross-site", "same-site"):
        headers = [("host", HOST), ("sec-fetch-site", site)]
        assert ask(f"/{TOKEN}/", headers)[:2] == (403, "Sec-Fetch-Site: expected same-origin\n")
    assert ask(f"/{TOKEN}/", [("host", HOST), ("sec-fetch-site", "none")])[0] == 200


def test_a_body_has_a_limit() -> None:
    headers = [("host", HOST), ("origin", OWN)]
    half = b" " * (MOST_BODY_BYTES // 2)
    assert ask(f"/{TOKEN}/api/check", headers, "POST", (half, half))[0] == 200
    status, text, _ = ask(f"/{TOKEN}/api/check", headers, "POST", (half, half, b" "))
    assert (status, text) == (413, f"expected at most {MOST_BODY_BYTES} bytes\n")


def test_every_answer_has_the_policy_and_is_kept_by_nobody() -> None:
    for path in (f"/{TOKEN}/", "/"):
        _, _, headers = ask(path, [("host", HOST)])
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self' 'nonce-n'",
            "connect-src": "'self' ws://127.0.0.1:1",
            "img-src": "'self' data:",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        }
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"


def test_no_web_socket_is_opened() -> None:
    with pytest.raises(RuntimeError, match="expected HTTP requests alone, got websocket"):
        asyncio.run(Access(echo, TOKEN, 7729, "")({"type": "websocket"}, None, None))  # type: ignore[arg-type]
