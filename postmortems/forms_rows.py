"""The rows of a postmortem that belong to `postmortems` itself: its causes and its links."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from .forms import MarkdownField, RowForm
from .forms_sections import PICKED, picked
from .models import Cause, CauseGroup, IncidentCause, IncidentLink, Nature, Role
from .refresh import refresh_cause

NOT_THERE = "There is no cause of this name in the taxonomy. Choose another, or propose it as a new one below."
# What a proposed cause is taken to be by nature, until a manager says otherwise.
NATURES = {Role.TRIGGER: Nature.TRIGGER, Role.ROOT: Nature.FAULT, Role.CONTRIBUTING: Nature.AMPLIFIER}
TWICE = "This cause already stands here in this role; change that row instead."


class CauseForm(RowForm):
    """A cause of the taxonomy, its part in this incident, and the passage that shows it."""

    cause_name = forms.CharField(
        label="Cause", max_length=120, help_text="Type a few letters and choose from the taxonomy.",
        widget=forms.TextInput(picked("cause")),
    )  # fmt: skip
    group = forms.ModelChoiceField(
        CauseGroup.objects.all(), required=False, label="Where the new cause belongs", empty_label="It is not new",
        help_text="A manager confirms it. Its name can be read by everybody who reads this site.",
    )  # fmt: skip
    explanation = MarkdownField(label="How it acted here")
    evidence = forms.CharField(
        label="Evidence", required=False, max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 2, "data-evidence": ""}),
        help_text="The passage of this postmortem that shows it, word for word as it reads.",
    )  # fmt: skip
    field_order = ("cause_name", "role", "certainty", "explanation", "evidence", "group")
    folded = ("group",)
    folded_words = "The cause is not in the taxonomy: propose it"

    class Meta:
        model = IncidentCause
        fields = ("role", "certainty", "explanation", "evidence")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.cause_id:
            self.initial["cause_name"] = self.instance.cause.name

    def clean_cause_name(self) -> str:
        """A cause there is, by its name or one of its other names."""
        name = " ".join(self.cleaned_data["cause_name"].split())
        self.found = Cause.objects.called(name)
        return name

    def clean(self) -> dict[str, Any]:
        """A cause that is there, or a group for a new one; one row for a cause in a role."""
        given = super().clean() or self.cleaned_data
        if "cause_name" not in given:
            return given
        if self.found is None and not given.get("group"):
            self.add_error("cause_name", NOT_THERE)
            self.add_error("group", "To propose it, choose where it belongs.")
            return given
        if self.found is None:
            return given
        self.instance.cause = self.found
        same = self.incident.incident_causes.filter(cause=self.instance.cause_id, role=given.get("role", ""))
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("cause_name", TWICE)
        return given

    def save_row(self, by: Any) -> Any:
        """A cause that is not there is proposed."""
        if self.found is None:
            self.instance.cause = self._proposed()
        return super().save_row(by)

    def _proposed(self) -> Cause:
        given = self.cleaned_data
        cause = Cause(name=given["cause_name"], group=given["group"], nature=NATURES[given["role"]], is_proposed=True)
        cause.definition = "Proposed while a postmortem was filed; not described yet."
        cause.save()
        refresh_cause(cause)
        return cause


class LinkForm(RowForm):
    """Something elsewhere: a change, a bug, a ticket."""

    field_order = ("url", "label", "kind", "note")

    class Meta:
        model = IncidentLink
        fields = ("url", "label", "kind", "note")
        labels: ClassVar = {"url": "Address", "label": "Short name", "note": "What it is about"}
        widgets: ClassVar = {"url": forms.URLInput(attrs={"class": "field wide"}), "note": forms.TextInput(PICKED)}

    def clean_url(self) -> str:
        """An address that does not stand here yet."""
        url: str = self.cleaned_data["url"]
        if self.incident.links.filter(url=url).exclude(pk=self.instance.pk).exists():
            raise ValidationError("This address already stands here; change that row instead.")
        return url
