"""Short references: INC-n and ACT-n."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.db.models import Max


class Numbering(models.Model):
    """The last number given out under a prefix; a number is never given twice, also after a delete."""

    prefix = models.CharField(max_length=3, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.prefix}-{self.last}"


@transaction.atomic
def next_number(prefix: str, rows: models.QuerySet[Any]) -> int:
    """The next free number; waits for others that are taking one (three queries).

    Rows that came with a number of their own (fixtures, imports) push the count forward.
    """
    numbering = _caught_up(prefix, rows)
    numbering.last += 1
    numbering.save(update_fields=["last"])
    return numbering.last


@transaction.atomic
def catch_up(prefix: str, rows: models.QuerySet[Any]) -> None:
    """Note the highest number in use, so that it stays used after a delete (for rows that came with a number)."""
    _caught_up(prefix, rows).save(update_fields=["last"])


def _caught_up(prefix: str, rows: models.QuerySet[Any]) -> Numbering:
    Numbering.objects.get_or_create(prefix=prefix)
    numbering = Numbering.objects.select_for_update().get(prefix=prefix)
    highest = rows.aggregate(highest=Max("number"))["highest"] or 0
    numbering.last = max(numbering.last, highest)
    return numbering
