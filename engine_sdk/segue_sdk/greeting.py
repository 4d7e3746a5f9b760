"""What a client says first on every connection: what the game wants by now, and where it left off."""

from __future__ import annotations

from dataclasses import replace

from segue_sdk.client_messages import Control, Hello
from segue_sdk.service_messages import Rules, Status


class Greeting:
    """A `hello` that keeps up with the rules and the generator the game changed to, so that a restart keeps them."""

    def __init__(self, hello: Hello) -> None:
        self._hello = hello
        self._rules: Control | None = None
        self._generator: str | None = None
        self._volume: Control | None = None
        self._muted = False

    @property
    def versions(self) -> tuple[int, ...]:
        """The protocol versions it offers."""
        return self._hello.versions

    def hello(self, token: bytes | None, last_chunk: int) -> Hello:
        """The `hello` of a connection. token: of the session there was. last_chunk: `seq` of its last chunk."""
        return replace(self._hello, resume=token, last_chunk=last_chunk)

    def asked(self, control: Control) -> None:
        """The game asks for other rules or another generator, perhaps in vain."""
        if control.op == "rules":
            self._rules = control
        elif control.op == "generator":
            self._generator = control.generator

    def gained(self, control: Control) -> None:
        """The game changes its own volume, whether or not there is a service to tell."""
        if control.op == "volume":
            self._volume = replace(control, ramp_ms=0)
        elif control.op in ("mute", "unmute"):
            self._muted = control.op == "mute"

    def gain(self) -> list[Control]:
        """The controls that tell a new session of the game's volume, which begins at 0 dB and not muted."""
        volume = [] if self._volume is None else [self._volume]
        return [*volume, Control(op="mute")] if self._muted else volume

    def rules(self, answer: Rules) -> None:
        """The service has taken the rules that were asked for, or refused them."""
        if self._rules is not None and answer.declaration is not None:
            text, name = self._rules.rules_text, self._rules.rules_name
            self._hello = replace(self._hello, rules_text=text, rules_name=name)
        self._rules = None

    def status(self, status: Status) -> None:
        """The service says what plays: perhaps what was asked for."""
        if status.rung == 0 and status.generator == self._generator:
            self._hello = replace(self._hello, generator=self._generator)
            self._generator = None
