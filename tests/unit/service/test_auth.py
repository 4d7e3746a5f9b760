"""Authentication: which addresses need a token, which token is right, and how wrong tokens are delayed."""

from __future__ import annotations

import pytest

from segue.service.auth import (
    InsecureBindError,
    Mechanism,
    Password,
    WrongTokens,
    is_local,
    mechanism,
    network,
)
from segue_sdk.limits import PASSWORD_BYTES

TOKEN = "a token of the tests"


@pytest.mark.parametrize("token", ["A token of the tests", TOKEN + "x", TOKEN[:-1], "", "\0", "ä" * 100])
def test_other_tokens_do_not_match(token: str) -> None:
    assert not Password(TOKEN).matches(b"segue", token.encode())


def test_other_user_names_do_not_match() -> None:
    assert Password(TOKEN).matches(b"segue", TOKEN.encode())
    assert not Password(TOKEN).matches(b"admin", TOKEN.encode())
    assert not Password(TOKEN).matches(b"", TOKEN.encode())


@pytest.mark.parametrize("token", ["x", "ä" * (PASSWORD_BYTES // 2), "ends in a null\0"])
def test_every_token_that_plain_can_carry_works(token: str) -> None:
    assert Password(token).matches(b"segue", token.encode())


@pytest.mark.parametrize("token", ["", "ä" * (PASSWORD_BYTES // 2 + 1)])
def test_a_token_that_plain_cannot_carry_is_an_error(token: str) -> None:
    with pytest.raises(ValueError, match=r"token: expected 1 to 255 bytes, got"):
        Password(token)


def test_only_a_hash_of_the_token_is_kept() -> None:
    password = Password("the secret itself")
    assert not any("secret" in repr(value) for value in (password, *vars(password).values()))


# --- wrong tokens ---------------------------------------------------------------------------------------------------


def test_each_wrong_token_makes_the_next_answer_slower_up_to_a_limit() -> None:
    wrong, delays = WrongTokens(), []
    assert wrong.delay_s("10.0.0.1", 5.0) == 0
    for _ in range(20):
        wrong.add("10.0.0.1", 5.0)
        delays.append(wrong.delay_s("10.0.0.1", 5.0))
    assert delays[:6] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0])
    assert set(delays[5:]) == {2.0}
    assert wrong.delay_s("10.0.0.2", 5.0) == 0


def test_wrong_tokens_are_forgiven_with_time() -> None:
    wrong = WrongTokens()
    for _ in range(100):
        wrong.add("ipc", 0.0)
    delays = [wrong.delay_s("ipc", now_s) for now_s in range(0, 60, 5)]
    assert delays == sorted(delays, reverse=True)
    assert delays[0] == 2.0
    assert delays[-1] == 0.0
    wrong.add("ipc", 1_000.0)
    assert wrong.delay_s("ipc", 1_000.0) == pytest.approx(0.1)


def test_a_right_token_is_answered_at_once_beside_a_client_with_a_wrong_one() -> None:
    """A client that waits for each answer before it tries again does not delay the others of its network."""
    wrong, now_s = WrongTokens(), 0.0
    for _ in range(200):
        wrong.add("10.0.0.1", now_s)
        assert wrong.delay_s("10.0.0.1", now_s, right=True) == 0.0
        now_s += wrong.delay_s("10.0.0.1", now_s)
    assert wrong.delay_s("10.0.0.1", now_s) == 2.0


@pytest.mark.parametrize("pause_s", [0.0, 0.01, 0.5])
def test_a_right_token_is_delayed_when_its_network_tries_many(pause_s: float) -> None:
    """A client that hangs up on every late answer learns no more in a minute than one that waits."""
    wrong, unhindered = WrongTokens(), 0
    for number in range(6_000):
        now_s = pause_s * number
        if now_s > 60.0:
            break
        unhindered += wrong.delay_s("10.0.0.1", now_s, right=True) == 0.0
        wrong.add("10.0.0.1", now_s)
    assert unhindered <= 30
    assert wrong.delay_s("10.0.0.1", now_s, right=True) == 2.0


def test_a_limited_number_of_networks_is_remembered_the_latest_longest() -> None:
    wrong = WrongTokens()
    for number in range(5_000):
        wrong.add(f"10.0.{number // 256}.{number % 256}", 0.0)
        wrong.add("10.9.9.9", 0.0)
    assert len(vars(wrong)["_wrong"]) == 1_024
    assert wrong.delay_s("10.0.0.0", 0.0) == 0
    assert wrong.delay_s("10.9.9.9", 0.0) == 2.0


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("ipc", "ipc"),
    ],
)
def test_all_addresses_of_one_host_are_one_network(address: str, expected: str) -> None:
    assert network(address) == expected


# --- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "endpoint",
    [
        "tcp://127.0.0.1:7723",
        "tcp://127.8.9.1:*",
        "tcp://[::1]:7723",
        "ipc:///run/segue.sock",
        "ipc://*",
        "ws://127.0.0.1:0",
    ],
)
def test_local_addresses_need_no_token(endpoint: str) -> None:
    assert is_local(endpoint)
    assert mechanism([endpoint], token="") is Mechanism.NULL


@pytest.mark.parametrize(
    "endpoint",
    [
        "tcp://*:7723",
        "tcp://0.0.0.0:7723",
        "tcp://192.168.1.4:7723",
        "tcp://[::]:7723",
        "tcp://[::ffff:127.0.0.1]:7723",
        "tcp://[fe80::1%eth0]:7723",
        "tcp://lo:7723",
        "tcp://localhost:7723",
        "tcp://0.0.0.0:1;127.0.0.1:7723",
        "tcp://127.0.0.1",
        "udp://127.0.0.1:7723",
        "ws://0.0.0.0:9465",
        "wss://localhost:9465",
        "127.0.0.1:7723",
        "",
    ],
)
def test_other_addresses_need_a_token(endpoint: str) -> None:
    assert not is_local(endpoint)
    with pytest.raises(InsecureBindError, match=r"expected a token \(--token-file\), got none"):
        mechanism(["tcp://127.0.0.1:7723", endpoint], token="")
    assert mechanism([endpoint], token=TOKEN) is Mechanism.PLAIN


def test_a_token_always_means_plain_and_tls_needs_a_token() -> None:
    assert mechanism(["ipc:///run/segue.sock"], token=TOKEN) is Mechanism.PLAIN
    assert mechanism(["tcp://127.0.0.1:1"], token=TOKEN, tls=True) is Mechanism.PLAIN
    with pytest.raises(InsecureBindError, match="tls_bind lets other machines connect"):
        mechanism(["tcp://127.0.0.1:1"], token="", tls=True)
