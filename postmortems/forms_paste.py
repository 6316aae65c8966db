"""The forms of a pasted text: the text with its zone and first day, and what a person makes of each piece of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from .forms import STORABLE, MarkdownField
from .forms_sections import clean_zone
from .markdown import MAX_CHARS
from .models import SECTIONS, Incident
from .moments import UNKNOWN, Moment
from .moments_typed import NotATime, moment_typed
from .pasted import ENTRY, LINK, TEXT, TITLE, WORK, Found, Piece, mark_of
from .pasted_stamps import NAMED

LONGEST = 200_000  # characters: a channel of a long night
Groups = dict[str, dict[str, str]]


class PastedField(MarkdownField):
    """A text with line feeds between its lines, however it was sent; not told to be Markdown."""

    def to_python(self, value: Any) -> str:
        """Of old files too."""
        return super().to_python(value).replace("\r", "\n")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """None; the length is told in words, as what is pasted would be cut off silently."""
        return {}


class PasteForm(forms.Form):
    """The text, and what is asked once about all of its times."""

    title = forms.CharField(
        max_length=200, required=False, validators=[STORABLE], widget=forms.TextInput(attrs={"class": "field wide"}),
    )  # fmt: skip
    text = PastedField(
        label="Text", required=True, max_length=LONGEST, validators=[STORABLE],
        help_text="A writeup, a chat log, notes: as it is. Up to 200,000 characters.",
        widget=forms.Textarea(attrs={"rows": 18, "class": "field wide mono", "spellcheck": "false"}),
        error_messages={"required": "Paste a text first."},
    )  # fmt: skip
    time_zone = forms.CharField(
        max_length=60, required=False, label="Time zone", help_text="Of all times that name none, as in Europe/Berlin.",
        widget=forms.TextInput(attrs={"list": "known-zones", "autocomplete": "off"}),
    )  # fmt: skip
    time_zone_assumed = forms.BooleanField(
        required=False, label="The text does not say its zone; this one is a guess",
    )  # fmt: skip
    day = forms.DateField(
        required=False, label="First day", help_text="Of the times that name no day. Empty when it is not known.",
        widget=forms.DateInput(attrs={"type": "date", "max": "9990-12-31"}, format="%Y-%m-%d"),
    )  # fmt: skip

    def clean_time_zone(self) -> str:
        """A zone there is, or none yet."""
        typed = self.cleaned_data["time_zone"].strip()
        return clean_zone(typed) if typed else ""

    def guess(self, found: Found) -> None:
        """Fill in what the text tells, where nobody was asked yet (the form must be bound, its text valid)."""
        sent: Any = self.data
        self.data = typed = sent.copy()
        title = found.of(TITLE)[0].words[:200] if found.of(TITLE) else ""
        if typed.get("title", "") == typed.get("title_was", ""):
            self.cleaned_data["title"] = typed["title"] = title
        typed["title_was"] = title
        if "time_zone" in typed:
            return
        self.cleaned_data["time_zone"] = typed["time_zone"] = found.zone.value if found.zone else "UTC"
        self.cleaned_data["time_zone_assumed"] = not found.zone_stated
        if not found.zone_stated:
            typed["time_zone_assumed"] = "on"
        typed["day"] = found.day.value if found.day else ""
        self.cleaned_data["day"] = date.fromisoformat(typed["day"]) if found.day else None

    def require_title(self) -> None:
        """A draft needs a title."""
        if "title" not in self.errors and not self.cleaned_data["title"].strip():
            self.add_error("title", "Give it a title.")

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the times; UTC where what was typed is none."""
        return ZoneInfo(self.cleaned_data.get("time_zone") or "UTC")


@lru_cache(maxsize=1)
def groups() -> Groups:
    """What a piece can be taken as, by group: the value of the choice and its words."""
    return {
        "Timeline": _kinds("timeline", ENTRY),
        "Actionable": _kinds("actionables", WORK),
        "Text": {f"{TEXT}:{name}": heading for name, heading in (*SECTIONS, ("source_note", "About the source"))},
    }


@lru_cache(maxsize=1)
def link_kinds() -> dict[str, str]:
    """What a link may lead to."""
    return _kinds("links", LINK)


@lru_cache(maxsize=1)
def statuses() -> dict[str, str]:
    """How far work may be."""
    return {value: str(label) for value, label in _column("actionables", "status").choices}


def _kinds(related: str, what: str) -> dict[str, str]:
    return {f"{what}:{value}": str(label) for value, label in _column(related, "kind").choices}


def _column(related: str, name: str) -> Any:
    """A column of the rows of an incident, whichever app they belong to."""
    relation: Any = Incident._meta.get_field(related)
    return relation.related_model._meta.get_field(name)


class Choice:
    """One piece as a person takes it: as what, and in which words. What was not touched is as it was found.

    `errors` says what is wrong, by the name of the field.
    """

    def __init__(self, piece: Piece, given: Mapping[str, str], zone: str) -> None:
        self.piece, self.given = piece, given
        self.is_taken = f"{piece.key}-as" not in given or f"{piece.key}-take" in given
        into = self._value("as", f"{piece.what}:{piece.into}")
        self.into = into if any(into in group for group in (*groups().values(), link_kinds())) else ""
        self.what, _, self.kind = (self.into or f"{piece.what}:{piece.into}").partition(":")
        self.words = self._value("words", piece.note if piece.what == LINK else piece.words)
        self.excerpt = self._value("excerpt", piece.excerpt)
        work = piece.work
        self.status = self._value("status", work.status if work else "")
        self.status = self.status if not work or self.status in statuses() else work.status
        self.more, self.owner, self.ticket, self.url, self.due = (
            self._value(name, str(getattr(work, name)) if work else "")
            for name in ("more", "owner", "ticket", "url", "due")
        )
        self.found_when = _with_zone(piece, zone)
        was, typed = given.get(f"{piece.key}-was"), given.get(f"{piece.key}-when")
        self.when = self.found_when if typed is None or typed == was else typed
        self.moment: Moment = UNKNOWN
        self.errors: dict[str, str] = {}

    def _value(self, name: str, found: str) -> str:
        return self.given.get(f"{self.piece.key}-{name}", found).replace("\r\n", "\n")

    @property
    def is_changed(self) -> bool:
        """Whether its fields hold anything of their own."""
        return bool(self.errors) or (self.words, self.excerpt, self.when) != (
            self.piece.note if self.piece.what == LINK else self.piece.words, self.piece.excerpt, self.found_when,
        )  # fmt: skip

    def check(self, zone: ZoneInfo, day: date | None) -> None:
        """Read its time, and say what is wrong with its words."""
        try:
            self.moment = moment_typed(self.when, zone, day) if self.piece.what == ENTRY else UNKNOWN
        except NotATime as wrong:
            self.errors["when"] = str(wrong)
        if not self.is_taken:
            self.errors = {}
            return
        if not self.words.strip():
            self.errors["words"] = "Say something, or leave it out."
        for name in ("words", "excerpt", "more", "owner", "ticket", "url", "when"):
            self._keep_within(name)
        if self.what == WORK and self.url and not is_address(self.url):
            self.errors["url"] = "This is no web address."
        if self.what == WORK and self.due and not _is_day(self.due):
            self.errors["due"] = "Give a day as in 2026-03-31."

    def _keep_within(self, name: str) -> None:
        value: str = getattr(self, name)
        most = {"owner": 120, "ticket": 60, "url": 500, "when": 100}.get(name, MAX_CHARS)
        if name == "words":
            most = {LINK: 120, WORK: 200, TITLE: 200}.get(self.piece.what, MAX_CHARS)
        if len(value) > most:
            self.errors[name] = f"At most {most:,} characters, please."
        elif "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            self.errors[name] = "This holds a character that cannot be kept."


def _is_day(text: str) -> bool:
    """Whether something can be due on it."""
    try:
        return 1990 <= date.fromisoformat(text).year <= 2199 and len(text) == len("2026-03-31")
    except ValueError:
        return False


def is_address(url: str) -> bool:
    """Whether an address can be kept as a link."""
    try:
        _column("links", "url").run_validators(url)
    except ValidationError:
        return False
    return True


def _with_zone(piece: Piece, zone: str) -> str:
    """The time of a piece as it is typed in this zone: another zone that stands beside it is kept."""
    is_same = NAMED.get(piece.zone.casefold(), "") == zone
    return piece.when if not piece.zone or is_same else f"{piece.when} {piece.zone}"


def choices_of(found: Found, given: Mapping[str, str], zone: str) -> list[Choice]:
    """What a person takes of each piece that can be taken; addresses that cannot be kept are left in the text."""
    pieces = (piece for piece in found.pieces if piece.what in (TEXT, ENTRY, WORK, LINK))
    return [Choice(piece, given, zone) for piece in pieces if piece.what != LINK or is_address(piece.words)]


def strayed(found: Found, given: Mapping[str, str]) -> list[str]:
    """What was corrected in pieces that the text does not have any more, since it was changed."""
    there = {piece.key for piece in found.pieces}
    gone = {name.removesuffix("-words"): text for name, text in given.items() if name.endswith("-words")}
    return [text for key, text in gone.items() if key not in there and text.strip() and _is_corrected(key, text, given)]


def _is_corrected(key: str, text: str, given: Mapping[str, str]) -> bool:
    """Whether the words of a piece are not those it was named after (a link is named after its address)."""
    what = given.get(f"{key}-of", "")
    rest = [given.get(f"{key}-{name}", "").replace("\r\n", "\n") for name in ("excerpt", "more")]
    return what in (TEXT, ENTRY, WORK) and mark_of(what, text.replace("\r\n", "\n"), *rest) != key.partition(".")[0]
