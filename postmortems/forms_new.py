"""The form that begins a draft: a title, and from what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F

from .forms import MarkdownField, WatchedForm
from .models import SECTIONS, FilingTemplate, Incident

if TYPE_CHECKING:
    from .access import Reader

REFERENCE = re.compile(r"(?:INC-?)?([1-9]\d{0,8})", re.IGNORECASE)
# What makes up the structure of a text: its headings, and words in bold that a line or a list entry begins with.
FRAME = re.compile(r"\s{0,3}#{1,6}\s.+|(?:[-*+]\s+)?\*\*.+?\*\*[.:]?")


class NewForm(WatchedForm):
    """All that a new draft needs, and what it begins with."""

    summary = MarkdownField(label="What happened, in two to four sentences")
    template = forms.ModelChoiceField(
        FilingTemplate.objects.order_by(F("organisation").asc(nulls_first=True), "position", "name"),
        to_field_name="slug", required=False, empty_label=None, widget=forms.RadioSelect, label="Begin with",
    )  # fmt: skip
    like = forms.CharField(
        max_length=20, required=False, label="Or with the structure of an earlier incident",
        help_text="Its number, as in INC-3: organisation, services, time zone, and the headings of its texts.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "field time"}),
    )  # fmt: skip

    class Meta:
        model = Incident
        fields = ("title", "summary")
        help_texts: ClassVar = {"title": "What a colleague would call it: what broke, and where. It can change later."}
        widgets: ClassVar = {"title": forms.TextInput(attrs={"class": "field wide"})}

    def __init__(self, *args: Any, user: Reader, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        self.initial["template"] = "blank"

    def clean_like(self) -> Incident | None:
        """The incident meant, if this person may read it."""
        typed = self.cleaned_data["like"].strip()
        if not typed:
            return None
        found = REFERENCE.fullmatch(typed)
        number = int(found[1]) if found else 0
        incident: Incident | None = Incident.objects.visible_to(self.user).filter(number=number).first()
        if incident is None:
            raise ValidationError(f"There is no incident {typed[:20]}.")
        return incident

    def begin(self, incident: Incident) -> None:
        """Give the unsaved draft what it begins with (the form must be valid); `finish` does the rest."""
        template: FilingTemplate | None = self.cleaned_data["template"]
        like: Incident | None = self.cleaned_data["like"]
        texts: dict[str, str] = {}
        if template is not None:
            incident.template, incident.organisation = template, template.organisation
            texts = {text.field: text.text.rstrip("\n") for text in template.texts.all()}
        if like is not None:
            incident.organisation, incident.time_zone = like.organisation, like.time_zone
            texts = {field: frame_of(getattr(like, field)) for field, _ in SECTIONS}
        for field, text in texts.items():
            if text and not getattr(incident, field):
                setattr(incident, field, text)

    def finish(self, incident: Incident) -> None:
        """What hangs on a saved draft."""
        like: Incident | None = self.cleaned_data["like"]
        if like is not None:
            incident.services.set(like.services.all())


def frame_of(text: str) -> str:
    """The headings and bold beginnings of a text, without what stands under them."""
    found = (FRAME.match(line) for line in text.split("\n"))
    return "\n\n".join(each[0].strip() for each in found if each)
