"""What belongs to accounts: sessions, tokens, invitations; and the cache that counts attempts."""

from .cache import CacheEntry
from .invitations import Invitation
from .sessions import Session
from .tokens import Token

__all__ = ["CacheEntry", "Invitation", "Session", "Token"]
