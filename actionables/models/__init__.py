"""Actionables, what changed in them, what is said about them, and who is reminded of them."""

from .actionables import Actionable, OutOfDate
from .changes import put_back
from .choices import FINISHED, UNFINISHED, Kind, Priority, Status
from .following import CalendarLink, Reminder, ReminderChoice, Snooze, Watch
from .history import Comment, FieldChange, StatusChange

__all__ = [
    "FINISHED", "UNFINISHED", "Actionable", "CalendarLink", "Comment", "FieldChange", "Kind", "OutOfDate", "Priority",
    "Reminder", "ReminderChoice", "Snooze", "Status", "StatusChange", "Watch", "put_back",
]  # fmt: skip
