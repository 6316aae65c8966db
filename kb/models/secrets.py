"""Secrets that are shown once and kept as a hash: 256 random bits need no slow hash and no salt."""

from __future__ import annotations

import secrets
from hashlib import sha256


def new_secret(prefix: str) -> str:
    """A secret of 256 random bits after a prefix by which people and scanners recognise it."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a secret: 64 hexadecimal digits."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()
