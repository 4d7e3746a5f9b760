"""The service's certificate and key, and what is wrong with them.

A client that speaks ZMTP itself wraps its TCP stream in TLS and then does what it does without (SslStream in C#,
StreamPeerTLS in Godot). One that uses libzmq connects to a bridge on its own machine that speaks TLS to the service:
stunnel as a client with `verifyChain` and `checkHost`, or fifty lines as in `tests/service/bridge.py`. Both check the
service's certificate, since PLAIN sends the token as it is.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NoReturn


class CertificateError(ValueError):
    """A certificate or key that cannot be used; the text names the file and what is wrong with it."""


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or later with this certificate chain and its private key, both PEM, the key without a passphrase.

    Raises: CertificateError.
    """
    _check_pem(certificate, "a certificate", "-----BEGIN CERTIFICATE-----")
    _check_pem(key, "a private key", "PRIVATE KEY-----")

    def ask() -> NoReturn:
        raise CertificateError(f"{key}: expected a private key without a passphrase, got an encrypted one")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(certificate, key, password=ask)
    except ssl.SSLError as error:
        reason = (error.reason or "not readable").replace("_", " ").lower()
        raise CertificateError(f"{certificate}: expected a certificate and {key} as its key, got: {reason}") from None
    return context


def _check_pem(path: Path, expected: str, marker: str) -> None:
    """That a file is there and looks like what it should be. OpenSSL names neither the file nor what it missed."""
    try:
        text = path.read_text("ascii", errors="replace")
    except OSError as error:
        raise CertificateError(f"{path}: expected {expected}, cannot read it: {error.strerror}") from None
    if marker not in text:
        raise CertificateError(f"{path}: expected {expected} in PEM, found none")
