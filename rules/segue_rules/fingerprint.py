"""The fingerprint of rule files: equal for equal contents."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def fingerprint_of(contents: Iterable[bytes]) -> str:
    """Return the SHA-256 digest of a rule file and all that it includes, in hexadecimal.

    Args:
        contents: Of the files in the order in which they are read, the main one first.
    """
    digest = hashlib.sha256()
    for content in contents:
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()
