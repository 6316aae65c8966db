"""What an actionable may be: its kinds, statuses and priorities."""

from __future__ import annotations

from django.db import models


class Kind(models.TextChoices):
    """What the work is for."""

    PREVENT = "prevent", "Prevent"
    DETECT = "detect", "Detect"
    MITIGATE = "mitigate", "Mitigate"
    PROCESS = "process", "Process"
    INVESTIGATE = "investigate", "Investigate"


class Status(models.TextChoices):
    """How far the work is."""

    OPEN = "open", "Open"
    IN_PROGRESS = "in progress", "In progress"
    BLOCKED = "blocked", "Blocked"
    DONE = "done", "Done"
    DECLINED = "declined", "Declined"


class Priority(models.TextChoices):
    """How much it matters; in this order, unknown last, also in the database."""

    P1 = "P1", "P1, at once"
    P2 = "P2", "P2, soon"
    P3 = "P3", "P3, some time"
    UNKNOWN = "unknown", "Not set"


UNFINISHED = (Status.OPEN, Status.IN_PROGRESS, Status.BLOCKED)
FINISHED = (Status.DONE, Status.DECLINED)
