"""A choice that the database knows too."""

from django.db import models
from django.db.models import Q


def one_of(field: str, choices: type[models.TextChoices], prefix: str) -> models.CheckConstraint:
    """The column holds one of the choices, whoever writes it."""
    return models.CheckConstraint(condition=Q(**{f"{field}__in": choices.values}), name=f"{prefix}_{field}_known")
