"""The audit log, to read and to take along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from postmortems.access import may_administer
from postmortems.export import csv_lines
from postmortems.models import Action, AuditEntry, record
from postmortems.models.audit import AuditQuerySet
from postmortems.views.paging import page_number, parameters

PER_PAGE = 50
WHAT = [("", "Everything"), *((kind.value, kind.value.capitalize()) for kind in Action)]
COLUMNS = ("at", "actor", "action", "object", "detail", "address")


class ChoiceForm(forms.Form):
    """Which entries."""

    who = forms.CharField(max_length=150, required=False, label="Who")
    action = forms.ChoiceField(
        choices=[("", "Everything"), *((kind.value, kind.value.capitalize()) for kind in Action)],
        required=False,
        label="What",
    )
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))

    def entries(self) -> AuditQuerySet:
        """Those chosen; what was not understood does not choose."""
        self.is_valid()
        given = self.cleaned_data
        return AuditEntry.objects.all().chosen(
            actor=given.get("who", ""),
            action=given.get("action", ""),
            since=_midnight(given.get("since")),
            until=_midnight(given.get("until"), days=1),
        )


def _midnight(day: Any, days: int = 0) -> datetime | None:
    """The beginning of a day in UTC, some days on; None without a day or after the last one there is."""
    if day is None:
        return None
    try:
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=days)
    except OverflowError:
        return None


def _only_for_admins(request: HttpRequest) -> None:
    if not may_administer(request.user):
        raise PermissionDenied


@never_cache
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """One page of the log, newest first."""
    _only_for_admins(request)
    form = ChoiceForm(request.GET)
    number = page_number(request)
    start = (number - 1) * PER_PAGE
    found = list(form.entries()[start : start + PER_PAGE + 1])
    context = {
        "form": form,
        "entries": found[:PER_PAGE],
        "page": number,
        "has_next": len(found) > PER_PAGE,
        "kept": parameters(request, "page"),
    }
    return render(request, "account/audit.html", context)


@never_cache
@require_safe
def audit_csv(request: HttpRequest) -> StreamingHttpResponse:
    """All that was chosen, for a spreadsheet."""
    _only_for_admins(request)
    return _download(request, "csv", "text/csv; charset=utf-8", _csv_lines)


@never_cache
@require_safe
def audit_json(request: HttpRequest) -> StreamingHttpResponse:
    """All that was chosen, one JSON object on each line."""
    _only_for_admins(request)
    return _download(request, "jsonl", "application/jsonl", _json_lines)


def _download(request: HttpRequest, ending: str, kind: str, lines: Any) -> StreamingHttpResponse:
    entries = ChoiceForm(request.GET).entries()
    chosen = ", ".join(f"{name}={value}" for name, value in parameters(request))
    newest = record(Action.AUDIT_READ, ending, request=request, detail=chosen)
    # Up to the reading itself, so that what is written meanwhile does not shift what is read.
    rows = entries.filter(pk__lte=newest.pk).values(*COLUMNS).iterator(chunk_size=2_000)
    headers = {"Content-Disposition": f'attachment; filename="audit.{ending}"'}
    return StreamingHttpResponse(lines(rows), content_type=kind, headers=headers)


def _csv_lines(rows: Any) -> Iterator[str]:
    return csv_lines(COLUMNS, ([row["at"].isoformat(), *(str(row[name]) for name in COLUMNS[1:])] for row in rows))


def _json_lines(rows: Any) -> Iterator[str]:
    for row in rows:
        yield json.dumps({**row, "at": row["at"].isoformat()}, ensure_ascii=False) + "\n"
