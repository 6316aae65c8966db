"""Every place that keeps back what somebody may not see, taken away one at a time: does the leak test notice?

`python -m tests.security.visibility_mutants` lists the places, and
`pytest tests/test_visibility_mutants.py --mutants=all` tries them all.

A place is found in the source, not listed by hand, so new code is covered by being written: a call of `visible_to`,
`readable_by`, `seen_by` or `reads_everything`, a filter on `is_open`, a change of edition that is told whom it
concerns, and the two places where search learns who may see a document. Each is changed in the compiled code of its
function while the test runs: the source stays as it is.
"""

from __future__ import annotations

import ast
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
APPS = ("postmortems", "actionables", "timelines", "kb")
# What changes nothing when it is taken away, and why.
HARMLESS = {
    "postmortems/tallies.py beside: incident__is_open":
        "open incidents are then counted twice for those who see more; nothing of anybody else shows",
    "postmortems/access.py audience: incident__is_open":
        "who is named on open incidents alone then takes the longer way to the same rows",
    "timelines/views.py _alike: visible_to":
        "the incident comes from a column, which only those that may be seen have",
    "kb/accounts/backend.py _people: incident__is_open":
        "who is named on open incidents alone then takes the longer way to the same rows",
    "actionables/admin.py PersonalAdmin.has_module_permission: reads_everything":
        "what belongs to a person, and to no incident",
    "actionables/tallying.py rebuild: audiences of a change":
        "a command that gives everybody new pages in the end",
    "actionables/tallying.py _worth_counting: incident__is_open":
        "which incidents a command looks at; what of them is counted, `recount` chooses",
    "postmortems/tallying.py rebuild: is_open":
        "which incidents a command looks at; what of them is counted, `facts_of` chooses",
    "actionables/views/me.py written: visible_to":
        "whoever is named on a draft or a review may read it",
    "postmortems/views/searches.py run: visible_to":
        "whose search it is, and not an incident: tests/test_saved_searches.py",
    "postmortems/views/deleting.py index: reads_everything": "which buttons the bin has: tests/test_bin.py",
    "postmortems/views/deleting.py purging: reads_everything": "who deletes for good: tests/test_bin.py",
    "postmortems/reviewing.py _check_back: reads_everything":
        "whether an admin who takes it back is named on it as well: tests/test_review.py",
}  # fmt: skip


class Site(NamedTuple):
    """A place in the source: file, function, line, which of the places on it, and what is taken away."""

    path: str
    function: str
    line: int
    column: int
    what: str

    @property
    def name(self) -> str:
        """Says where it is without a line number, which changes with every edit."""
        return f"{self.path} {self.function}: {self.what}"


def _expression(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


def _instead(node: ast.Call, source: str) -> ast.expr:
    """Another value, after the arguments: whatever they need stays in use."""
    whole = ast.Tuple([*node.args, _expression(source)], ast.Load())
    return ast.Subscript(whole, ast.Constant(-1), ast.Load())


def _all_rows(node: ast.Call) -> ast.expr:
    rows = ast.Call(ast.Attribute(node.func.value, "all", ast.Load()), [], [])  # type: ignore[attr-defined]
    return ast.Subscript(ast.Tuple([*node.args, rows], ast.Load()), ast.Constant(-1), ast.Load())


def _called(node: ast.AST) -> str:
    """The name of the function or method that is called."""
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", "") or getattr(node.func, "id", "")


REPLACED: dict[str, Callable[[ast.Call], ast.expr]] = {
    "visible_to": _all_rows,
    "readable_by": lambda node: _instead(node, "__import__('django.db.models').db.models.Q()"),
    "seen_by": lambda node: _instead(
        node, "__import__('postmortems.search_expression').search_expression.Token('@all')"
    ),
    "reads_everything": lambda node: _instead(node, "True"),
}


def _mutation(node: ast.AST) -> tuple[str, ast.AST] | None:
    """What is taken away at this node, and what stands there instead."""
    name = _called(node)
    if name in REPLACED:
        assert isinstance(node, ast.Call)
        return name, REPLACED[name](node)
    if isinstance(node, ast.Call) and any(_of_openness(keyword) for keyword in node.keywords):
        kept = [keyword for keyword in node.keywords if not _of_openness(keyword)]
        gone = next(keyword.arg for keyword in node.keywords if _of_openness(keyword))
        return str(gone), ast.Call(node.func, node.args, kept)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "Edition.bump" and node.args:
        return "audiences of a change", ast.Call(node.func, [], [])
    if isinstance(node, ast.Call) and ast.unparse(node) == "bool(is_open)":
        return "who may see a document", ast.Constant(True)
    if isinstance(node, ast.Compare) and ast.unparse(node) == "OPEN not in facets.split()":
        return "whose words are counted", ast.Constant(False)
    return None


def _of_openness(keyword: ast.keyword) -> bool:
    return (keyword.arg or "").endswith("is_open") and isinstance(keyword.value, ast.Constant)


class _Replace(ast.NodeTransformer):
    """Changes the one place, or lists all."""

    def __init__(self, path: str, wanted: Site | None = None) -> None:
        self.path, self.wanted = path, wanted
        self.within: list[str] = []
        self.found: list[Site] = []

    def _enter(self, node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
        self.within.append(node.name)
        self.generic_visit(node)
        self.within.pop()
        return node

    visit_FunctionDef = _enter  # noqa: N815 - the name that ast looks for
    visit_ClassDef = _enter  # noqa: N815

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        mutation = _mutation(node) if self.within else None
        if mutation is None:
            return node
        what, instead = mutation
        site = Site(self.path, ".".join(self.within), node.lineno, node.col_offset, what)  # type: ignore[attr-defined]
        self.found.append(site)
        return ast.copy_location(instead, node) if site == self.wanted else node


def sites() -> list[Site]:
    """All places where something shows without them, by file and line."""
    return [site for site in places() if site.name not in HARMLESS]


def places() -> list[Site]:
    """All places, by file and line."""
    found: list[Site] = []
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                within = _Replace(path.relative_to(ROOT).as_posix())
                within.visit(ast.parse(path.read_text("utf-8")))
                found += within.found
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


@contextmanager
def mutated(site: Site) -> Iterator[None]:
    """Let the code run without that place."""
    path = ROOT / site.path
    tree = _Replace(site.path, site).visit(ast.parse(path.read_text("utf-8")))
    compiled = compile(ast.fix_missing_locations(tree), str(path), "exec", dont_inherit=True)
    changed = {(code.co_qualname, code.co_firstlineno): code for code in _codes(compiled)}
    gc.unfreeze()  # else what a process keeps for good is not among the objects
    functions = [
        found
        for found in gc.get_objects()
        if isinstance(found, FunctionType) and found.__code__.co_filename == str(path)
    ]
    before = {found: found.__code__ for found in functions}
    swapped = 0
    for found in functions:
        code = changed.get((found.__code__.co_qualname, found.__code__.co_firstlineno))
        if code is not None and code != found.__code__:
            found.__code__ = code
            swapped += 1
    assert swapped, f"{site.name} is in no function that is loaded."
    try:
        yield
    finally:
        for found, code in before.items():
            found.__code__ = code


if __name__ == "__main__":
    for number, site in enumerate(sites(), start=1):
        print(f"{number:3} {site.path}:{site.line} {site.function}: {site.what}")
