"""The sections of a postmortem in the order they are filed in, from all who have one."""

from __future__ import annotations

from actionables.filing import ActionableForm
from postmortems.forms_rows import CauseForm, LinkForm
from postmortems.forms_sections import OverviewForm, SourceForm, TimesForm, texts_form
from postmortems.sections import Fields, Rows, Section
from timelines.forms import EntryForm

ImpactForm = texts_form(
    summary="What happened, in two to four sentences, for somebody who was not there.",
    impact="Who noticed what, how much of it, and for how long. Figures with their unit.",
)
AnalysisForm = texts_form(
    analysis="How the causes worked together. What is a theory says so.",
    recovery="What ended it, and what was tried before that did not.",
    contradictions="Where sources do not fit together. They are left standing, not repaired.",
)
LessonsForm = texts_form(
    went_well="What helped, so that it is kept.",
    went_wrong="What made it worse or longer: of systems and procedures, not of people.",
    got_lucky="What could as well have gone the other way.",
)
SECTIONS: dict[str, Section] = {
    "overview": Fields("Overview", OverviewForm, "What it was, whose, and how bad"),
    "times": Fields("Times", TimesForm, "Five milestones, in the zone of the source"),
    "impact": Fields("Summary and impact", ImpactForm, "What happened, and who noticed what"),
    "timeline": Rows("Timeline", EntryForm, "timeline", "entry", "timelines/_filed.html", "What happened when"),
    "analysis": Fields("What explains it", AnalysisForm, "How it came about and how it ended"),
    "lessons": Fields("Lessons", LessonsForm, "What went well, what went wrong, where we got lucky"),
    "causes": Rows(
        "Causes", CauseForm, "incident_causes", "cause", "postmortems/_filed_cause.html",
        "Triggers, root causes, contributing factors, each with its evidence", joined=("cause",),
    ),
    "actionables": Rows(
        "Actionables", ActionableForm, "actionables", "actionable", "actionables/_filed.html",
        "What is to be done, by whom, by when",
    ),
    "links": Rows("Links", LinkForm, "links", "link", "postmortems/_filed_link.html", "Changes, bugs, tickets"),
    "source": Fields("Source", SourceForm, "The writeup this was filed from, if there was one"),
}  # fmt: skip
