"""Nothing that was typed is lost: forms come back with what was not saved, also after a sign-in."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core import signing
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from .access import may_edit, may_file, name_of
from .forms import NOTE
from .models import Incident, Unsaved

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from .forms import WatchedForm

View = TypeVar("View", bound=Callable[..., object])
# Which person last opened a form in this browser: whoever holds it may leave unsaved text for that person and no more,
# so that a form that is sent after the session has ended is there again after the sign-in.
COOKIE, SALT, DAYS = "writer", "writer", 30
PRESENT = timedelta(minutes=10)  # so long somebody who typed counts as writing
NOT_TYPED = ("csrfmiddlewaretoken", "place")
PASTE = "paste"  # the place of a text that was pasted to make a draft of


def keeps_text(view: View) -> View:
    """Marks a page with a form whose text is given back whatever becomes of the answer."""
    view.keeps_text = True  # type: ignore[attr-defined]
    return view


def place_of(number: object = "", name: str = "", pk: object = "") -> str:
    """Names a form: "new", "paste", "3/timeline", "3/timeline/12"."""
    return "/".join(str(part) for part in (number, name, pk) if part) or "new"


def without_token(given: QueryDict) -> QueryDict:
    """What was typed, without the token that came along."""
    fields = given.copy()
    for name in NOT_TYPED:
        fields.pop(name, None)
    return fields


def opening_of(request: HttpRequest) -> UUID | None:
    """Names one opening of a form and what was sent from it: the same sent twice is meant once.

    The token of a form is another one each time the form is opened; None for what came without.
    """
    if not request.POST.get("csrfmiddlewaretoken"):
        return None
    sent = json.dumps([request.user.pk, request.path, sorted(request.POST.lists())])
    return UUID(bytes=blake2b(sent.encode(), digest_size=16).digest())


def typed_over(form: WatchedForm, kept: Unsaved | None) -> QueryDict | None:
    """Put what was kept into a form that nobody sent yet; what was kept, or None when that is what is saved.

    A note for the history alone is nothing to be saved.
    """
    if kept is None:
        return None
    fields = QueryDict(kept.fields, mutable=True)
    there = form.shown()
    same = True
    for name, field in form.fields.items():
        key = form.add_prefix(name)
        several = getattr(field.widget, "allow_multiple_selected", False)
        typed: Any = fields.getlist(key) if several else fields.get(key, "").replace("\r\n", "\n")
        same = same and (name == NOTE or (",".join(sorted(typed)) if several else typed) == there[name])
        form.initial[name] = typed if getattr(field.widget, "input_type", "") != "checkbox" or several else bool(typed)
    if same:
        form.initial.pop(NOTE, None)
    return None if same else fields


def remember_writer(request: HttpRequest, response: HttpResponseBase) -> None:
    """Note in the browser whose text its forms hold."""
    token = signing.dumps(request.user.pk, salt=SALT)
    response.set_cookie(COOKIE, token, max_age=DAYS * 86_400, secure=request.is_secure(), httponly=True, samesite="Lax")


def keep_for_writer(request: HttpRequest, number: str = "", name: str = "", pk: str = "", **unused: Any) -> None:
    """Keep a form that came without a session, for the person who opened it; says nothing about whether it did."""
    try:
        who = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=DAYS * 86_400)
    except signing.BadSignature:
        return
    user: Any = get_user_model().objects.filter(pk=who, is_active=True).first()
    if user is None or not may_file(user):
        return
    incident = Incident.objects.visible_to(user).filter(number=int(number)).first() if number else None
    if incident is None and number:
        return
    if incident is None or may_edit(user, incident):
        Unsaved.objects.keep(user, place_of(number, name, pk), incident, without_token(request.POST))


def given_back(request: HttpRequest) -> dict[str, Any]:
    """For a page that says why a form was not taken: what was typed, as (name, text), and where it was sent.

    Empty for what is no such form. Asks no database.
    """
    found = request.resolver_match
    if request.method != "POST" or not found or not getattr(found.func, "keeps_text", False):
        return {}
    try:
        typed = without_token(request.POST)
    except Exception:  # noqa: BLE001 - what cannot be read cannot be given back, and this is an error page already
        return {}
    sent = [(name, text.replace("\r\n", "\n")) for name, texts in typed.lists() for text in texts if text]
    return {"sent": sent, "where": request.path}


def others_writing(incident: Incident, user: object) -> dict[str, str]:
    """Who else is writing at an incident, by section, as in "Bob is writing here, 3 minutes ago" (one query).

    Known from what is kept of their typing: who saved or left a while ago is not told any more.
    """
    found: dict[str, list[Unsaved]] = {}
    for kept in Unsaved.objects.by_others(incident, user, timezone.now() - PRESENT):
        found.setdefault("".join(kept.place.split("/")[1:2]), []).append(kept)
    return {name: _writing(rows) for name, rows in found.items()}


def _writing(rows: list[Unsaved]) -> str:
    names = list(dict.fromkeys(name_of(row.user) for row in rows))
    told = f"{', '.join(names[:-1])} and {names[-1]} are" if len(names) > 1 else f"{names[0]} is"
    return f"{told} writing here, {age_words(rows[0])}"


def age_words(kept: Unsaved) -> str:
    """How long ago it was typed, as in "3 minutes ago"."""
    minutes = int((timezone.now() - kept.at).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    count, unit = (minutes, "minute") if minutes < 90 else ((minutes + 30) // 60, "hour")
    if unit == "hour" and count > 36:
        count, unit = (count + 12) // 24, "day"
    return f"{count} {unit}{'' if count == 1 else 's'} ago"
