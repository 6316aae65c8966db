"""Incidents, whose they are, what they hit, what caused them."""

from .attachments import Attachment
from .audit import Action, AuditEntry, record
from .bin import Deletion, RemovedRow
from .causes import Cause, CauseGroup, Certainty, IncidentCause, Nature, Role
from .derived import CauseQuarter, CauseYear, CountedIncident, Edition, Reference, RenderedText
from .filing import FilingTemplate, TemplateText, WordingKind, WordingRule
from .incidents import (
    MILESTONES,
    SECTIONS,
    Detection,
    Incident,
    IncidentLink,
    LinkKind,
    Severity,
    Status,
    Visibility,
)
from .learned import CausePair, KeyTerm, LearnedCause, LearnedIncident, LearnedWord, Rejection
from .numbers import Numbering, catch_up, next_number
from .places import Organisation, Service
from .readers import IncidentReader
from .relations import CauseWatch, Relation, RelationKind
from .reviews import Kind as ReviewKind
from .reviews import Mailing, Remark, Reviewer, ReviewStep
from .revisions import Revision
from .saved import SavedSearch
from .search import NameIndexed, SearchDocument, Word
from .slugs import Moved, OldSlug, get_by_slug, slug_in_use
from .unsaved import Taken, Unsaved

__all__ = [
    "MILESTONES",
    "SECTIONS",
    "Action",
    "Attachment",
    "AuditEntry",
    "Cause",
    "CauseGroup",
    "CausePair",
    "CauseQuarter",
    "CauseWatch",
    "CauseYear",
    "Certainty",
    "CountedIncident",
    "Deletion",
    "Detection",
    "Edition",
    "FilingTemplate",
    "Incident",
    "IncidentCause",
    "IncidentLink",
    "IncidentReader",
    "KeyTerm",
    "LearnedCause",
    "LearnedIncident",
    "LearnedWord",
    "LinkKind",
    "Mailing",
    "Moved",
    "NameIndexed",
    "Nature",
    "Numbering",
    "OldSlug",
    "Organisation",
    "Reference",
    "Rejection",
    "Relation",
    "RelationKind",
    "Remark",
    "RemovedRow",
    "RenderedText",
    "ReviewKind",
    "ReviewStep",
    "Reviewer",
    "Revision",
    "Role",
    "SavedSearch",
    "SearchDocument",
    "Service",
    "Severity",
    "Status",
    "Taken",
    "TemplateText",
    "Unsaved",
    "Visibility",
    "Word",
    "WordingKind",
    "WordingRule",
    "catch_up",
    "get_by_slug",
    "next_number",
    "record",
    "slug_in_use",
]  # fmt: skip
