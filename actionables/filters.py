"""Filters of the lists of actionables: every one a plain repeated parameter of the address."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from actionables.timeliness import InTime
from postmortems.filters import Declared, Values
from postmortems.models import Cause, Incident, Service
from postmortems.moments import COARSE, Precision
from postmortems.ordering import KnownFirstDescending
from postmortems.rows import are_few, linked

from .held import narrowed
from .models import FINISHED, UNFINISHED, Actionable, Kind, Priority, Status
from .verdicts import HELD

if TYPE_CHECKING:
    from postmortems.access import Reader

STATUSES = {"unfinished": "Unfinished", **dict(Status.choices)}
DUE = {"overdue": "Overdue", "14d": "Due in 14 days", "none": "No date"}
AGES = {"14": "14 days or more", "30": "30 days or more", "60": "60 days or more", "unknown": "Not known"}
TIMELY = {"yes": "On time", "no": "Late", "unknown": "No date to keep"}
NO_OWNER = "none"
UNKNOWN_MONTH = "unknown"
SORTS = {
    "newest": "Newest first", "due": "Due first", "age": "Oldest first", "priority": "Priority first",
    "owner": "By owner", "status": "By status", "incident": "By incident", "closed": "Closed last first",
}  # fmt: skip
ORDERS: dict[str, tuple[Any, ...]] = {
    "newest": ("-number",),
    "due": (F("due_on").asc(nulls_last=True), "number"),
    "age": (F("opened_at").asc(nulls_last=True), "number"),
    "priority": ("priority", "number"),
    "owner": ("owner", "status", "due_on", "number"),
    "status": ("status", "due_on", "number"),
    "incident": ("-incident", "position", "number"),
    "closed": (KnownFirstDescending("closed_at"), "-number"),
}
# Parameters of a page that narrow nothing down.
OTHERS = ("page", "view", "group", "batch", "stale", "undone", "left")


class MonthField(forms.CharField):
    """A month as in 2015-08, "2015-08.." for it and all after it, or "unknown"."""

    def validate(self, value: str) -> None:
        """Of a year from 1000 to 9998."""
        super().validate(value)
        if (
            value
            and value != UNKNOWN_MONTH
            and not re.fullmatch(r"(?!9999)[1-9]\d{3}-(0[1-9]|1[0-2])(\.\.)?", value, re.ASCII)
        ):
            raise forms.ValidationError("A month looks like 2015-08.")


class Month(django_filters.CharFilter):
    """A filter over `MonthField`."""

    field_class = MonthField


class ActionableFilter(django_filters.FilterSet):
    """What lists can be narrowed to; values of one kind are alternatives, kinds must all hold."""

    status = django_filters.MultipleChoiceFilter(choices=tuple(STATUSES.items()), method="by_status")
    kind = django_filters.MultipleChoiceFilter(choices=Kind.choices, method="one_of")
    priority = django_filters.MultipleChoiceFilter(choices=Priority.choices, method="one_of")
    owner = Values(method="by_owner")
    due = django_filters.ChoiceFilter(choices=tuple(DUE.items()), method="by_due")
    age = django_filters.ChoiceFilter(choices=tuple(AGES.items()), method="by_age")
    cause = Values(method="by_cause")
    service = Values(method="by_service")
    incident = Values(method="by_incident")
    opened = Month(method="by_month")
    closed = Month(method="by_month")
    timely = django_filters.ChoiceFilter(choices=tuple(TIMELY.items()), method="by_timely")
    held = django_filters.ChoiceFilter(choices=tuple(HELD.items()), method="by_held")
    sort = django_filters.ChoiceFilter(choices=tuple(SORTS.items()), method="keep")

    class Meta:
        model = Actionable
        fields: list[str] = []

    def __init__(self, data: Any = None, queryset: Any = None, *, reader: Reader | None = None) -> None:
        super().__init__(data, queryset)
        self.reader = reader or AnonymousUser()

    def by_status(self, rows: QuerySet[Actionable], name: str, values: list[str]) -> QuerySet[Actionable]:
        """One of the statuses; "unfinished" stands for open, in progress and blocked."""
        if values == ["unfinished"]:
            return rows.filter(unfinished=1)
        wanted = {value for value in values if value != "unfinished"}
        return rows.filter(**_equal("status", sorted(wanted | set(UNFINISHED if "unfinished" in values else ()))))

    def one_of(self, rows: QuerySet[Actionable], name: str, values: list[str]) -> QuerySet[Actionable]:
        """A column with one of the values."""
        return rows.filter(**_equal(name, values))

    def by_owner(self, rows: QuerySet[Actionable], name: str, values: list[str]) -> QuerySet[Actionable]:
        """One of the owners; "none" stands for nobody."""
        return rows.filter(**_equal("owner", ["" if value == NO_OWNER else value for value in values]))

    def by_due(self, rows: QuerySet[Actionable], name: str, value: str) -> QuerySet[Actionable]:
        """Unfinished, and overdue today, due within 14 days, or without a date."""
        today, every = timezone.now().date(), Actionable.objects.all()
        wanted = {"overdue": every.overdue(today), "14d": every.due_soon(today), "none": every.undated()}[value]
        found = rows & wanted
        if value == "overdue" and self.order == "newest" and not are_few(found):
            # By the index of due dates SQLite would read and sort all of them; the newest are soon found one by one.
            late = rows.annotate(due=Coalesce("due_on", Value(date.max))).filter(due__lt=today)
            return late.exclude(status__in=FINISHED)
        return found

    def by_age(self, rows: QuerySet[Actionable], name: str, value: str) -> QuerySet[Actionable]:
        """Unfinished, and opened so many days ago or more, or at a time that is not known."""
        if value == UNKNOWN_MONTH:
            return rows.filter(unfinished=1, opened_at=None)
        return rows.filter(unfinished=1, opened_at__lte=timezone.now() - timedelta(days=int(value)))

    def by_cause(self, rows: QuerySet[Actionable], name: str, values: list[str]) -> QuerySet[Actionable]:
        """Aimed at one of the causes, by slug."""
        causes = list(Cause.objects.filter(slug__in=values).values_list("pk", flat=True))
        aimed = Actionable.causes.through.objects.filter(**_equal("cause", causes))
        return linked(rows, aimed, "actionable_id")

    def by_service(self, rows: QuerySet[Actionable], name: str, values: list[str]) -> QuerySet[Actionable]:
        """Out of an incident that hit one of the services, by slug."""
        services = list(Service.objects.filter(slug__in=values).values_list("pk", flat=True))
        hit = Incident.services.through.objects.filter(**_equal("service", services))
        return _of_incidents(rows, hit, "incident_id")

    def by_incident(self, rows: QuerySet[Actionable], name: str, values: list[str]) -> QuerySet[Actionable]:
        """Out of one of the incidents, as INC-n."""
        numbers = [int(value[4:]) for value in values if re.fullmatch(r"INC-[1-9]\d{0,8}", value, re.ASCII)]
        return rows.filter(incident__in=list(Incident.objects.filter(number__in=numbers).values_list("pk", flat=True)))

    def by_month(self, rows: QuerySet[Actionable], name: str, value: str) -> QuerySet[Actionable]:
        """Opened or closed in a month (UTC), or at a time that does not tell the month."""
        if value == UNKNOWN_MONTH:
            vague = Q(**{f"{name}_at": None}) | Q(**{f"{name}_precision": Precision.YEAR})
            return rows.filter(vague, **({"unfinished": 0} if name == "closed" else {}))
        year, month = map(int, value.removesuffix("..").split("-"))
        within = {f"{name}_at__gte": datetime(year, month, 1, tzinfo=UTC)}
        if not value.endswith(".."):
            within[f"{name}_at__lt"] = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        return rows.filter(**within).exclude(**{f"{name}_precision": Precision.YEAR})

    def by_timely(self, rows: QuerySet[Actionable], name: str, value: str) -> QuerySet[Actionable]:
        """Done by the due date, done later, or done without a date or at a time that does not tell."""
        return rows.filter(timely(value))

    def by_held(self, rows: QuerySet[Actionable], name: str, value: str) -> QuerySet[Actionable]:
        """Done, and verified, came back, or what else can be said of whether it held, by what this reader sees."""
        return narrowed(rows, value, self.reader)

    def keep(self, rows: QuerySet[Actionable], name: str, value: str) -> QuerySet[Actionable]:
        """Sorting comes last, see `ordered`."""
        return rows

    @property
    def order(self) -> str:
        """The chosen order."""
        return self.form.cleaned_data.get("sort") or "newest"

    @property
    def is_of_done(self) -> bool:
        """Whether nothing but what is done is asked for."""
        asked = self.form.cleaned_data
        return asked.get("status") == [Status.DONE] or bool(asked.get("held") or asked.get("timely"))

    def ordered(self) -> QuerySet[Actionable]:
        """The matching actionables in the chosen order."""
        return self.qs.order_by(*ORDERS[self.order])

    def notices(self) -> list[str]:
        """What of the address was not understood and is therefore ignored, in words."""
        known = {*self.filters, *OTHERS}
        odd = [f"There is no filter named “{name}”; it is ignored." for name in self.data if name not in known]
        wrong = [f"The value given for {name} is not one it can have; it is ignored." for name in self.errors]
        return (odd + wrong)[:5]


ActionableFilter.base_filters = Declared(ActionableFilter.base_filters)  # type: ignore[attr-defined]


def timely(value: str) -> Q:
    """The condition for done in time ("yes"), late ("no"), or not to be told ("unknown")."""
    told = Q(status=Status.DONE, due_on__isnull=False, closed_at__isnull=False)
    told &= ~Q(closed_precision__in=[one for one in COARSE if one != Precision.DAY])
    if value == "unknown":
        return Q(status=Status.DONE) & ~told
    kept = InTime("closed_at", "due_on")
    return told & (Q(kept) if value == "yes" else ~Q(kept))


def _equal(column: str, values: list[Any]) -> dict[str, Any]:
    """A plain comparison for a single value: databases walk an index in order for it, but not for a list."""
    return {column: values[0]} if len(values) == 1 else {f"{column}__in": values}


def _of_incidents(rows: QuerySet[Actionable], links: QuerySet[Any], column: str) -> QuerySet[Actionable]:
    """Those whose incident a column of the links leads to."""
    incidents = linked(Incident.objects.all(), links, column)
    return rows.filter(incident__in=incidents.order_by().values("pk"))
