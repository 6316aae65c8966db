"""Actionables, what changed in them, what is said about them, and who is reminded of them."""

from .actionables import Actionable, OutOfDate
from .changes import put_back
from .choices import FINISHED, UNFINISHED, Kind, Priority, Status
from .following import CalendarLink, Reminder, ReminderChoice, Snooze, Watch
from .history import Comment, FieldChange, StatusChange
from .occurrences import Occurrence
from .tallies import COUNTED, Counted, Tally

__all__ = [
    "COUNTED", "FINISHED", "UNFINISHED", "Actionable", "CalendarLink", "Comment", "Counted", "FieldChange", "Kind",
    "Occurrence", "OutOfDate", "Priority", "Reminder", "ReminderChoice", "Snooze", "Status", "StatusChange", "Tally",
    "Watch", "put_back",
]  # fmt: skip
