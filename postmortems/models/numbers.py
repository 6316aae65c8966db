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
    Numbering.objects.get_or_create(prefix=prefix)
    numbering = Numbering.objects.select_for_update().get(prefix=prefix)
    highest = rows.aggregate(highest=Max("number"))["highest"] or 0
    numbering.last = max(numbering.last, highest) + 1
    numbering.save(update_fields=["last"])
    return numbering.last
