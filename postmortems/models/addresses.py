"""Web addresses that people type."""

from __future__ import annotations

from typing import Any

from django.core.validators import URLValidator
from django.db import models


class WebAddressField(models.URLField):
    """An http or https address of at most 500 characters; typed without a scheme it is taken as https."""

    default_validators = [URLValidator(["http", "https"])]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 500)
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> Any:
        """Django's own field, with https where no scheme is given."""
        return super().formfield(**{"assume_scheme": "https", **kwargs})
