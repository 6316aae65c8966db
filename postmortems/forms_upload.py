"""The form that takes an incident as a document: a file, or its text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from .document import read_document
from .document_json import from_json
from .document_text import UNSTORABLE, DocumentError

LONGEST = 2_000_000  # characters; a document of ours has some thirty thousand


class UploadForm(forms.Form):
    """A document, and whether it makes a draft of its own or changes the one that it names."""

    NEW, SAME = "new", "same"
    is_as_sent = True  # whether the document is what was sent, line by line
    file = forms.FileField(
        required=False,
        label="File",
        help_text="As “Download as Markdown” or “as JSON” gives it: INC-3.md.",
        widget=forms.FileInput(attrs={"class": "file", "accept": ".md,.json,text/markdown,application/json"}),
    )
    text = forms.CharField(
        required=False, strip=False, max_length=LONGEST, label="Or its text",
        widget=forms.Textarea(attrs={"rows": 16, "class": "field wide mono", "spellcheck": "false"}),
    )  # fmt: skip
    into = forms.ChoiceField(
        choices=[
            (NEW, "Make a new draft of it"),
            (SAME, "Change the draft that it names, as a new version of it"),
        ],
        initial=NEW, widget=forms.RadioSelect, label="What to do with it",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """The text of the document, in `document`, and its facts."""
        given = super().clean() or self.cleaned_data
        if self.errors:
            return given
        text = self._sent(given)
        if not text.strip():
            raise ValidationError("Choose a file, or paste its text.")
        # What is wrong can be mended on the page, whichever way it came.
        typed: Any = self.data
        self.data = typed = typed.copy()
        typed["text"] = text
        try:
            given["document"] = from_json(text) if text.lstrip().startswith("{") else text
            self.is_as_sent = given["document"] == text
            if UNSTORABLE.search(given["document"]):
                raise ValidationError("It holds characters that cannot be kept.")
            given["facts"], _ = read_document(given["document"])
        except DocumentError as error:
            self.refuse(error)
        return given

    def _sent(self, given: dict[str, Any]) -> str:
        """What was sent as text with the line ends that documents have."""
        file = given.get("file")
        if file is None:
            return str(given.get("text", "")).replace("\r\n", "\n")
        if file.size > LONGEST:
            raise ValidationError({"file": f"It is larger than {LONGEST:,} bytes."})
        try:
            return file.read().decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise ValidationError({"file": "It is not text in UTF-8."}) from None

    def refuse(self, error: DocumentError) -> None:
        """Say what is wrong with the document, beside its text; only Markdown has the lines that are told."""
        self.add_error("text", str(error) if self.is_as_sent else f"{error.words[:1].upper()}{error.words[1:]}")
