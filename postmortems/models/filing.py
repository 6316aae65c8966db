"""What helps people write: templates to start from, and words that are worth a second look."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.db import models

from .causes import BySlug
from .choices import one_of
from .incidents import SECTIONS
from .places import Organisation
from .slugs import Slugged


class FilingTemplate(Slugged):
    """A way to begin a postmortem: guidance under its fields, and text to begin with."""

    name = models.CharField(max_length=80, unique=True)
    about = models.CharField(max_length=200, blank=True, help_text="Whom it suits, in a line.")
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, null=True, blank=True, related_name="templates",
        help_text="Whose it is; a draft begun with it belongs to that organisation. Empty: everybody's.",
    )  # fmt: skip
    position = models.PositiveSmallIntegerField(default=0)

    objects = BySlug()

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        """Names the row in fixtures."""
        return (self.slug,)

    def guidance(self) -> dict[str, str]:
        """What it says under each field (one query)."""
        return {text.field: text.guidance for text in self.texts.all() if text.guidance}


class TemplateTextManager(models.Manager["TemplateText"]):
    """Finds rows of fixtures by template and field."""

    def get_by_natural_key(self, template: str, field: str) -> TemplateText:
        """What this template says about this field."""
        return self.get(template__slug=template, field=field)


class TemplateText(models.Model):
    """What a template says about one field, and what the field begins with."""

    template = models.ForeignKey(FilingTemplate, models.CASCADE, related_name="texts")
    field = models.CharField(max_length=14, choices=SECTIONS)
    guidance = models.CharField(max_length=500, blank=True, help_text="Stands under the field's name.")
    text = models.TextField(blank=True, help_text="What the field begins with. Markdown.")

    objects = TemplateTextManager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["template", "field"], name="template_text_once_per_field"),
            models.CheckConstraint(
                condition=models.Q(field__in=[field for field, _ in SECTIONS]), name="template_text_field_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template}: {self.field}"

    def natural_key(self) -> tuple[str, str]:
        """Names the row in fixtures."""
        return (self.template.slug, self.field)

    natural_key.dependencies = ["postmortems.filingtemplate"]  # type: ignore[attr-defined]


class WordingKind(models.TextChoices):
    """Why words are worth a second look."""

    BLAME = "blame", "Blame"
    HINDSIGHT = "hindsight", "Hindsight"
    VAGUE = "vague", "Vague actionable"


class WordingRuleManager(models.Manager["WordingRule"]):
    """Finds rules by their words; those in use."""

    def get_by_natural_key(self, words: str) -> WordingRule:
        """The rule a fixture means."""
        return self.get(words=words)

    def in_use(self) -> list[WordingRule]:
        """All rules that are on (one query)."""
        return list(self.filter(is_on=True))


class WordingRule(models.Model):
    """Words that a hint is given for: in the text, or for vague ones in what is to be done."""

    words = models.CharField(
        max_length=80, unique=True, help_text="As they stand in a text; * stands for the rest of a word."
    )
    kind = models.CharField(max_length=9, choices=WordingKind.choices)
    reason = models.CharField(max_length=300, help_text="Why, and what to write instead.")
    is_on = models.BooleanField("in use", default=True)

    objects = WordingRuleManager()

    class Meta:
        ordering = ["kind", "words"]
        constraints = [one_of("kind", WordingKind, "wording_rule")]

    def __str__(self) -> str:
        return self.words

    def natural_key(self) -> tuple[str]:
        """Names the row in fixtures."""
        return (self.words,)

    def clean(self) -> None:
        """Something to look for."""
        if not re.search(r"\w", self.words):
            raise ValidationError({"words": "Give words to look for."})

    def pattern(self) -> re.Pattern[str]:
        """Finds the words: whole ones, any white space between them, upper and lower case the same."""
        words = r"\s+".join(re.escape(part).replace(r"\*", r"\w*") for part in self.words.split())
        return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)
