"""The table of Django's database cache, made by a migration instead of a command of its own."""

from __future__ import annotations

from django.db import models


class CacheEntry(models.Model):
    """One value of the cache. It counts attempts to sign in, so all processes and machines must share it."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "kb_cache"
        default_permissions = ()

    def __str__(self) -> str:
        return self.cache_key
