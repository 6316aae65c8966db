"""Moments on models: three real columns, the constraints that keep them true, and the order of milestones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from itertools import product
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.lookups import GreaterThan

from .elapsed import Elapsed
from .moments import COARSE, EXACT, TIMED, Moment, Precision

CLOCK_HELP = "Time since midnight of the first day, for a clock time on an unknown day."


class MomentField:
    """Puts a moment on a model: three real columns `<name>_at`, `<name>_clock`, `<name>_precision`.

    Reading `instance.<name>` gives a `Moment`, assigning one sets the three columns.
    Use `moment_constraint(name, prefix)` beside it so that the database refuses what cannot be.
    """

    def __init__(self) -> None:
        # Made here, so that the columns stand where the moment is declared: databases read a row from its front.
        self._columns: dict[str, models.Field[Any, Any]] = {
            "at": models.DateTimeField(null=True, blank=True),
            "clock": models.DurationField(null=True, blank=True, help_text=CLOCK_HELP),
            "precision": models.CharField(max_length=8, choices=Precision.choices, default=Precision.UNKNOWN),
        }

    def contribute_to_class(self, cls: type[models.Model], name: str) -> None:
        """Called by Django's model metaclass."""
        self.name = name
        words = {"at": "(UTC)", "clock": "clock", "precision": "precision"}
        for part, column in self._columns.items():
            column.verbose_name = f"{name.replace('_', ' ')} {words[part]}"
            column.contribute_to_class(cls, f"{name}_{part}")
        setattr(cls, name, self)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        return read_moment(instance, self.name)

    def __set__(self, instance: models.Model, moment: Moment) -> None:
        setattr(instance, f"{self.name}_at", moment.at)
        setattr(instance, f"{self.name}_clock", moment.clock)
        setattr(instance, f"{self.name}_precision", moment.precision)


def read_moment(row: Any, name: str) -> Moment:
    """The moment `name` of a model instance or of a row that has its three columns as attributes."""
    return Moment(getattr(row, f"{name}_at"), getattr(row, f"{name}_clock"), getattr(row, f"{name}_precision"))


def columns(*names: str) -> list[str]:
    """The column names of these moments, for `values_list`."""
    return [f"{name}_{part}" for name in names for part in ("at", "clock", "precision")]


def moment_constraint(name: str, prefix: str) -> models.CheckConstraint:
    """The three columns of a moment fit together (the same rule as `Moment.problems`)."""
    at, clock, precision = f"{name}_at__isnull", f"{name}_clock__isnull", f"{name}_precision"
    timed = Q(**{f"{precision}__in": TIMED}) & (Q(**{at: True, clock: False}) | Q(**{at: False, clock: True}))
    coarse = Q(**{f"{precision}__in": COARSE, at: False, clock: True})
    unknown = Q(**{precision: Precision.UNKNOWN, at: True, clock: True})
    return models.CheckConstraint(condition=timed | coarse | unknown, name=f"{prefix}_{name}_moment")


def order_constraint(first: str, then: str, prefix: str) -> models.CheckConstraint:
    """`then` is not before `first` where both are exact; a minute is not over until its last second."""
    ordered = Q()
    for precision, until in product(EXACT, EXACT):
        both = Q(**{f"{first}_precision": precision, f"{then}_precision": until})
        room = 59 if (precision, until) == (Precision.SECOND, Precision.MINUTE) else 0
        for column in ("at", "clock"):
            known = Q(**{f"{first}_{column}__isnull": False, f"{then}_{column}__isnull": False})
            late = Elapsed(f"{then}_{column}", f"{first}_{column}")
            ordered &= ~(both & known & Q(GreaterThan(late, room)))
    return models.CheckConstraint(condition=ordered, name=f"{prefix}_{first}_before_{then}")


def check_order(named: Sequence[tuple[str, Moment]], zone: tzinfo = UTC) -> None:
    """Raise ValidationError, keyed by `<name>_at`, for each moment surely before an earlier one in the list.

    The message says both times in `zone`, and which zone that is.
    """
    errors: dict[str, list[str]] = {}
    for index, (name, moment) in enumerate(named):
        for earlier_name, earlier in named[:index]:
            if moment.surely_before(earlier):
                said, earlier_said = _with_zone(moment, zone), _with_zone(earlier, zone)
                text = f"{name.capitalize()} ({said}) is before {earlier_name} ({earlier_said})."
                errors.setdefault(name, []).append(text)
    if errors:
        raise ValidationError({f"{name}_at": texts for name, texts in errors.items()})


def _with_zone(moment: Moment, zone: tzinfo) -> str:
    """Its text with the zone's name where the zone matters."""
    return f"{moment.text(zone)} {zone}" if moment.is_dated and moment.has_clock_time else moment.text()
