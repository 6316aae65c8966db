"""The forms of review: who is asked, what is decided, what is said."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Q, Value
from django.db.models.functions import Concat

from .markdown_evidence import collapsed
from .models import Mailing, Remark
from .reviewing import CHECKLIST

MOST_PEOPLE = 20


class RemarkField(forms.CharField):
    """Markdown, kept as typed but for line breaks, which browsers change on their way."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, max_length=Remark.LONGEST, **kwargs)

    def to_python(self, value: Any) -> str:
        """With LF, and nothing but blanks counts as nothing."""
        text = (super().to_python(value) or "").replace("\r\n", "\n")
        return text if text.strip() else ""


class AskForm(forms.Form):
    """Who is asked for review, by name."""

    names = forms.CharField(
        label="Reviewers", max_length=1_000,
        error_messages={"required": "Name at least one person."},
        widget=forms.TextInput(attrs={"list": "people", "autocomplete": "off"}),
    )  # fmt: skip
    note = RemarkField(label="A word to them", required=False)

    def clean_names(self) -> list[User]:
        """The people of these names; says which name is nobody's, and which is more than one's."""
        names = list(dict.fromkeys(collapsed(name) for name in self.cleaned_data["names"].split(",") if name.strip()))
        if len(names) > MOST_PEOPLE:
            raise ValidationError(f"At most {MOST_PEOPLE} at once.")
        found = [self._person(name) for name in names]
        if not found:
            raise ValidationError("Name at least one person.")
        return found

    def _person(self, name: str) -> User:
        people = User.objects.filter(is_active=True).annotate(whole=Concat("first_name", Value(" "), "last_name"))
        exact = people.filter(username__iexact=name)[:2]
        matches = list(exact) or list(people.filter(Q(whole__iexact=name) | Q(whole__iexact=f"{name} "))[:2])
        if len(matches) != 1:
            several = "is more than one person; use the sign-in name" if matches else "is nobody who can sign in"
            raise ValidationError(f"“{name}” {several}.")
        return matches[0]


class VerdictForm(forms.Form):
    """What a reviewer found."""

    checked = forms.MultipleChoiceField(
        choices=[(key, title) for key, title, _ in CHECKLIST], required=False, widget=forms.CheckboxSelectMultiple
    )
    note = RemarkField(label="What you found", required=False)


class ReasonForm(forms.Form):
    """Why something is done."""

    note = RemarkField(label="Reason", required=False)


class CommentForm(forms.Form):
    """A remark on a section or on some of its words."""

    passage = forms.CharField(label="On these words", max_length=Remark.LONGEST_PASSAGE, required=False)
    text = RemarkField(label="Comment", error_messages={"required": "Write something first."})

    def clean_passage(self) -> str:
        """On one line, as it reads."""
        return collapsed(self.cleaned_data["passage"])


class ReplyForm(forms.Form):
    """An answer to a remark."""

    text = RemarkField(label="Reply", error_messages={"required": "Write something first."})


class MailingForm(forms.ModelForm):
    """Which mails somebody wants."""

    class Meta:
        model = Mailing
        fields = ("asked", "decided", "commented", "watched", "watched_commented", "watched_changed")
