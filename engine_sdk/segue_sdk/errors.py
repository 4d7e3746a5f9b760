"""The SDK's errors, and the codes that both sides of the wire know."""

from __future__ import annotations

from typing import Final

# Why a message is invalid; PROTOCOL.md, "Error codes", explains each.
DECODE_CODES: Final = (
    "too_large",
    "truncated",
    "trailing",
    "malformed",
    "bad_utf8",
    "ext_type",
    "bad_key",
    "duplicate_key",
    "too_deep",
    "not_finite",
    "wrong_type",
    "out_of_range",
    "bad_value",
    "missing_field",
    "unsupported_version",
    "unknown_type",
    "payload_mismatch",
)

# Why a valid message was refused; sent in `error`, never raised by the codec.
SESSION_CODES: Final = (
    "unexpected",
    "unauthorised",
    "no_session",
    "too_many_sessions",
    "rate_limited",
    "rules_refused",
    "unknown_rules",
    "unknown_generator",
    "restore_refused",
    "internal",
)


class ProtocolError(ValueError):
    """An invalid message.

    Attributes:
        code: One of DECODE_CODES.
        text: Where, what was expected, what came.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class InputError(ProtocolError):
    """A call that names no input of the rules, or gives one a value that it does not take.

    code: `unknown_input`, `wrong_type`, `not_finite`, `out_of_range`, `unknown_choice`, `not_settable`,
    `not_a_trigger` or `reserved_name`. text: what was expected, what came, what to do.
    """


class AddressError(ValueError):
    """An invalid address.

    Attributes:
        code: `bad_address` or `unsupported_transport`.
        text: What to do.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
