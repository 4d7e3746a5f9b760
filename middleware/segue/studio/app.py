"""What the studio's page asks for, as a Starlette application: the rule file, the session, what-ifs and scripts."""

from __future__ import annotations

import json
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeAlias

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from segue import __version__
from segue.atomic import NotReplaceableError
from segue.studio.course import Course
from segue.studio.journal import Journal, JournalError
from segue.studio.requests import RequestError, fields, text_of, what_if_of, whole_of
from segue.studio.rule_file import ConflictError, RuleFile
from segue.studio.session_text import event_script, rule_test
from segue.studio.what_if import Renderer, WhatIf, WhatIfError, as_it_was, branch, config_of
from segue_rules.errors import RuleError
from segue_rules.schema import json_schema

Respond: TypeAlias = Callable[[Any], Response]

PAGE: Final[Mapping[str, str]] = {
    "index.html": "text/html; charset=utf-8",
    "studio.js": "text/javascript; charset=utf-8",
    "worklet.js": "text/javascript; charset=utf-8",
    "studio.css": "text/css; charset=utf-8",
    "LICENSES.txt": "text/plain; charset=utf-8",
}
"""The files of the page and their types."""
_RECORDINGS: Final = "*.jsonl"


@dataclass(frozen=True, kw_only=True)
class Music:
    """Where the page gets its music.

    Attributes:
        url: The service's WebSocket address.
        token: The service's.
        rules: The name of the rule file there.
    """

    url: str
    token: str
    rules: str


class Studio:
    """One rule file and the session that plays it.

    Attributes:
        music: None where a game plays the session, which is shown only.
    """

    def __init__(self, rules: RuleFile, music: Music | None, recordings: Path, nonce: str) -> None:
        """Prepare a studio.

        Args:
            rules: The rule file.
            music: Where the page gets its music.
            recordings: The recording to show, or the folder whose newest one is.
            nonce: That of the content security policy.
        """
        self.music = music
        self._rules, self._recordings, self._nonce = rules, recordings, nonce
        self._renderer = Renderer()
        self._journal: Journal | None = None
        self._is_closed = False
        # Requests are answered in several threads, and a session is read by one at a time.
        self._lock = threading.Lock()

    def app(self) -> Starlette:
        """The application; it trusts whoever asks (see segue.studio.access)."""
        routes = [
            Route("/", _page_file("index.html")),
            *(Route(f"/{name}", _page_file(name)) for name in PAGE),
            Route("/api/config", self._reading(self._config)),
            Route("/api/schema", self._reading(json_schema)),
            Route("/api/rules", self._reading(self._read_rules), methods=["GET"]),
            Route("/api/rules", self._writing(self._save_rules), methods=["PUT"]),
            Route("/api/check", self._writing(self._check), methods=["POST"]),
            Route("/api/course", self._writing(self._course), methods=["POST"]),
            Route("/api/branch", self._writing(self._branch), methods=["POST"]),
            Route("/api/sound", self._writing(self._sound), methods=["POST"]),
            Route("/api/script", self._reading(self._script, PlainTextResponse)),
            Route("/api/test", self._reading(self._test, PlainTextResponse)),
            Route("/api/recording", self._reading(self._recording, PlainTextResponse)),
        ]
        return Starlette(routes=routes)

    def close(self) -> None:
        """End what goes on, and close what is open."""
        self._renderer.close()
        with self._lock:
            self._is_closed = True
            if self._journal is not None:
                self._journal.close()

    # --- the rule file -----------------------------------------------------------------------------------------------

    def _config(self) -> dict[str, Any]:
        music = self.music
        return {
            "version": __version__,
            "file": self._rules.path.name,
            "nonce": self._nonce,
            "music": None if music is None else {"url": music.url, "token": music.token, "rules": music.rules},
        }

    def _read_rules(self) -> dict[str, Any]:
        return self._rules.read()._asdict()

    def _save_rules(self, data: Any) -> dict[str, Any]:
        asked = fields(data, {"text", "digest"})
        return self._rules.save(text_of(asked, "text"), text_of(asked, "digest"))._asdict()

    def _check(self, data: Any) -> dict[str, Any]:
        return self._rules.check(text_of(fields(data, {"text"}), "text"))

    # --- the session -------------------------------------------------------------------------------------------------

    def _course(self, data: Any) -> dict[str, Any]:
        asked = fields(data, {"session", "from", "version"})
        name, start, version = text_of(asked, "session"), whole_of(asked, "from"), whole_of(asked, "version")
        with self._lock:
            journal = self._newest()
            course = None if journal is None else journal.course()
            if journal is None or course is None:
                return {"session": ""}
            if name != journal.path.name:
                start = version = 0
            first, rows = course.since(start, version)
            return {
                "session": journal.path.name,
                "from": first,
                "version": course.version,
                "end": course.end,
                "ended": journal.ended,
                "lookahead": 0 if journal.header is None else journal.header.config.lookahead_s,
                "declarations": course.declarations,
                "rows": rows,
            }

    def _branch(self, data: Any) -> dict[str, Any]:
        asked = self._checked(what_if_of(data))
        with self._lock:
            course = branch(self._present()[0], asked).course
        first, rows = course.since(asked.frame, course.version)
        return {"from": first, "end": course.end, "declarations": course.declarations, "rows": rows}

    def _sound(self, data: Any) -> Response:
        asked = fields(data, {"what", "start", "asked"})
        which, start = text_of(asked, "what"), whole_of(asked, "start")
        what_if = self._checked(what_if_of(asked.get("asked")))
        if which not in ("session", "branch") or start >= what_if.end:
            raise RequestError('expected "what" as session or branch, and "start" before the end')
        with self._lock:
            journal, _ = self._present()
            played = branch(journal, what_if) if which == "branch" else as_it_was(journal, what_if)
            config = config_of(journal)
        return Response(self._renderer.sound(played, config, start), media_type="audio/flac")

    def _checked(self, asked: WhatIf) -> WhatIf:
        """The same. Raises: WhatIfError: Its text has mistakes, each with its place in the rule file."""
        problems = [] if asked.text is None else self._rules.check(asked.text)["problems"]
        mistakes = [
            ": ".join(
                filter(None, (f"{found['file']}:{found['line']}:{found['column']}", found["where"], found["text"]))
            )
            for found in problems
            if found["severity"] == "error"
        ]
        if mistakes:
            raise WhatIfError("\n".join(mistakes))
        return asked

    def _script(self) -> str:
        with self._lock:
            journal, course = self._present()
            return event_script(course, course.rules_at(course.end), config_of(journal).seed)

    def _test(self) -> str:
        with self._lock:
            journal, course = self._present()
            end, seed = max(1, course.end), config_of(journal).seed
            return rule_test(course, course.rules_at(end), self._rules.path.name, seed, end)

    def _recording(self) -> str:
        with self._lock:
            return self._present()[0].text()

    def _present(self) -> tuple[Journal, Course]:
        """The session and its course. Raises: WhatIfError: There is none yet."""
        journal = self._newest()
        course = None if journal is None else journal.course()
        if journal is None or course is None:
            raise WhatIfError("expected a session that has begun; play first")
        return journal, course

    def _newest(self) -> Journal | None:
        if self._is_closed:
            raise JournalError("the studio has ended")
        path = self._recordings
        if path.is_dir():
            # Names begin with the time, and a service counts its sessions.
            path = max(path.glob(_RECORDINGS), key=lambda each: each.name, default=path)
        if path.is_dir():
            return None
        if self._journal is None or self._journal.path != path:
            if self._journal is not None:
                self._journal.close()
            self._journal = Journal(path, self._rules.path, self._renderer.chain.encoders)
        return self._journal

    # --- answers -----------------------------------------------------------------------------------------------------

    def _reading(
        self, give: Callable[[], Any], respond: Respond = JSONResponse
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            return await run_in_threadpool(_answer, give, respond)

        return answer

    def _writing(self, take: Callable[[Any], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                data = json.loads(await request.body())
            except ClientDisconnect:
                return PlainTextResponse("", 400)
            except (ValueError, RecursionError) as error:
                return PlainTextResponse(f"expected JSON: {error}", 400)
            return await run_in_threadpool(_answer, lambda: take(data), JSONResponse)

        return answer


def _answer(give: Callable[[], Any], respond: Respond) -> Response:
    """Respond with what is given, or with why it is not."""
    try:
        given = give()
    except ConflictError:
        return PlainTextResponse("the file has changed on the disk since it was read here", 409)
    except RuleError as error:
        return PlainTextResponse("\n".join(map(str, error.problems)), 422)
    except (RequestError, WhatIfError, JournalError, ValueError, NotReplaceableError) as error:
        return PlainTextResponse(str(error), 400)
    except OSError as error:
        return PlainTextResponse(f"{error.strerror or error}: {error.filename or ''}", 500)
    return given if isinstance(given, Response) else respond(given)


def _page_file(name: str) -> Callable[[Request], Awaitable[Response]]:
    content = files("segue.studio").joinpath("page", name).read_bytes()

    async def answer(request: Request) -> Response:
        return Response(content, media_type=PAGE[name])

    return answer
