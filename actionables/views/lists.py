"""The lists of actionables: table and board."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from actionables.access import may_change
from actionables.asked import chips, described, in_words, normalised
from actionables.boards import GROUPS, Board, board_of
from actionables.filters import AGES, DUE, SORTS, STATUSES, TIMELY, ActionableFilter
from actionables.held import marks
from actionables.models import Actionable, Kind, Priority
from actionables.owners import suggestions
from actionables.shown import owners_of, rows
from actionables.told import said_about
from actionables.verdicts import COLOURS, HELD
from postmortems.access import for_readers, may_file
from postmortems.conditional import remembered, revalidated
from postmortems.models import Cause, Service
from postmortems.rows import capped_count
from postmortems.views.paging import page_number, parameters

from .going import SAID

PAGE = 50
CHOICES = 1_000
FACETS: list[tuple[str, str, dict[str, Any]]] = [
    ("status", "Status", STATUSES), ("kind", "Kind", dict(Kind.choices)),
    ("priority", "Priority", dict(Priority.choices)), ("due", "Due", DUE), ("age", "Open for", AGES),
    ("timely", "In time", TIMELY), ("held", "Held", HELD),
]  # fmt: skip
# The columns of the table, and the order a click on each gives.
HEADS = [
    ("ID", "newest"), ("Actionable", ""), ("Incident", "incident"), ("Owner", "owner"), ("Priority", "priority"),
    ("Status", "status"), ("Due", "due"), ("Age", "age"),
]  # fmt: skip


def _named() -> list[tuple[str, str, dict[str, str]]]:
    """The causes and services to choose from, by name (two queries, once an edition)."""
    return [
        (name, title, dict(model._default_manager.order_by("name").values_list("slug", "name")[:CHOICES]))
        for name, title, model in (("cause", "Cause", Cause), ("service", "Service", Service))
    ]


@for_readers
@require_safe
@revalidated
def listed(request: HttpRequest) -> HttpResponse:
    """Actionables as a table, or as a board with `view=board`."""
    chosen = ActionableFilter(request.GET, Actionable.objects.visible_to(request.user).main(), reader=request.user)
    chosen.form.is_valid()
    on_board = request.GET.get("view") == "board"
    shown = _on_board(request, chosen) if on_board else _in_table(request, chosen)
    editor, named = may_change(request.user), remembered(("choices of actionables",), _named)
    pairs = parameters(request, *SAID, "page", "view", "group", "sort")
    chosen_words = chips(pairs, {name: choices for name, _, choices in named})
    context = {
        **shown,
        "today": timezone.now().date(),
        "facets": [*FACETS, *named],
        "heads": HEADS,
        "chips": chosen_words,
        "printed": in_words(chosen_words, chosen.order),
        "given": dict(request.GET.lists()),
        "sorts": SORTS,
        "sort": chosen.order,
        "groups": GROUPS,
        "notices": chosen.notices(),
        "kept": parameters(request, "page", *SAID),
        "asked_words": described(normalised(request.GET)),
        "said": said_about(request),
        "may_change": editor,
        "worker": request.user.pk if may_file(request.user) else None,
        "owners": sorted({*suggestions(), *owners_of(shown["rows"])}) if editor else [],
    }
    return render(request, f"actionables/{'board' if on_board else 'table'}.html", context)


def _in_table(request: HttpRequest, chosen: ActionableFilter) -> dict[str, Any]:
    page = page_number(request)
    start = (page - 1) * PAGE
    wanted = list(chosen.ordered().values_list("pk", flat=True)[start : start + PAGE + 1])
    count, more = capped_count(chosen.qs)
    shown = rows(wanted[:PAGE])
    held = marks(shown, request.user) if chosen.is_of_done else {}
    return {
        "rows": shown, "count": count, "more": more, "page": page, "has_next": len(wanted) > PAGE, "held": held,
        "held_words": HELD, "held_colours": COLOURS,
    }  # fmt: skip


def _on_board(request: HttpRequest, chosen: ActionableFilter) -> dict[str, Any]:
    board: Board = board_of(chosen, request.GET.get("group", ""))
    return {"board": board, "rows": [card for column in board.columns for card in column.cards]}
