"""What holds for the tree as a whole: who may import whom, migrations, documents against code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

ROOT = settings.BASE_DIR
APPS = {"kb", "postmortems", "timelines", "actionables"}
MAY_IMPORT = {
    "kb": {"postmortems", "timelines", "actionables"},
    "actionables": {"postmortems"},
    "timelines": {"postmortems"},
    "postmortems": set(),
}
SOURCES = sorted(path for app in APPS for path in (ROOT / app).rglob("*.py"))


def module_name(path: Path) -> str:
    """postmortems/models/__init__.py is postmortems.models."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in SOURCES}


def imports(path: Path, *, for_types: bool) -> Iterator[str]:
    """The modules of ours that a file imports, each as specific as can be told."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test) and not for_types:
            skipped.update(child for statement in node.body for child in ast.walk(statement))
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.split(".")[0] in APPS)
        elif isinstance(node, ast.ImportFrom):
            yield from _imported_from(path, node)


def _imported_from(path: Path, node: ast.ImportFrom) -> Iterator[str]:
    package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    base = node.module or ""
    if node.level:
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*above, *([node.module] if node.module else [])])
    if base.split(".")[0] not in APPS:
        return
    for name in node.names:
        yield f"{base}.{name.name}" if f"{base}.{name.name}" in MODULES else base


def test_no_app_imports_upwards():
    """kb -> all, actionables and timelines -> postmortems, postmortems -> none; for type checking neither."""
    wrong = [
        f"{module_name(path)} imports {target}"
        for path in SOURCES
        for target in imports(path, for_types=True)
        for own, other in [(module_name(path).split(".")[0], target.split(".")[0])]
        if other not in MAY_IMPORT[own] | {own}
    ]
    assert not wrong


def test_no_import_goes_round_in_a_circle():
    graph = {name: set(imports(path, for_types=False)) - {name} for name, path in MODULES.items()}
    # A package that gathers names from its own modules, and they from it, is one thing.
    for name, path in MODULES.items():
        if path.name == "__init__.py":
            graph[name] = {target for target in graph[name] if not target.startswith(f"{name}.")}
    while leaves := [name for name, targets in graph.items() if not targets & graph.keys()]:
        for name in leaves:
            del graph[name]
    on_a_circle = {name: sorted(targets & graph.keys()) for name, targets in graph.items()}
    assert not on_a_circle


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_no_import_hides_in_a_function(path):
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = [
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, functions)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not hidden


def test_no_file_is_too_long():
    lengths = {module_name(path): path.read_text("utf-8").count("\n") for path in SOURCES}
    assert not {name: length for name, length in lengths.items() if length > 400 and ".migrations." not in name}


def test_no_migration_is_missing(db):
    said = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=said, stderr=said)
    assert "No changes detected" in said.getvalue()


def variables_read() -> set[str]:
    """Every name the settings read from the environment."""
    readers = {"text", "boolean", "choice", "given_secret", "number", "listed", "pairs", "file_or_value"}
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / "kb" / "settings.py").read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in readers:
            assert isinstance(node.args[0], ast.Constant)
            name = str(node.args[0].value)
            names.update([name, f"{name}_FILE"] if node.func.id in {"file_or_value", "given_secret"} else [name])
    return names


def test_the_environment_is_read_in_one_place():
    users = [
        module_name(path)
        for path in SOURCES
        if re.search(r"os\.environ|getenv", path.read_text("utf-8")) and module_name(path) != "kb.environment"
    ]
    assert set(users) <= {"kb.wsgi"}


def variables_in_table(document: str) -> list[str]:
    """The first column of every table whose heading is "Variable"."""
    found, inside = [], False
    for line in document.splitlines():
        inside = line.startswith("|") and (inside or bool(re.match(r"\|\s*Variable\s*\|", line)))
        if inside and (cell := re.match(r"\|\s*`([A-Z][A-Z0-9_]*)`", line)):
            found.append(cell[1])
    return found


def test_the_readme_lists_every_variable_once():
    listed = variables_in_table((ROOT / "README.md").read_text("utf-8"))
    assert sorted(listed) == sorted(variables_read())


def test_the_guide_to_self_hosting_sets_only_variables_that_exist():
    guide = (ROOT / "docs" / "self-hosting.md").read_text("utf-8")
    blocks = "\n".join(re.findall(r"```(?:ini|sh|)\n(.*?)```", guide, re.DOTALL))
    used = set(re.findall(r"^(?:export |Environment=)?([A-Z][A-Z0-9_]{2,})=", blocks, re.MULTILINE))
    assert used
    assert used <= variables_read()


@pytest.mark.parametrize("name", ["run", "test"])
def test_every_dependency_is_pinned_with_hashes_and_from_nowhere_in_particular(name):
    lines = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if "==" in line]
    assert pins
    assert not [line for line in lines if "://" in line or "index" in line]
    for pin in pins:
        assert pin.endswith("\\")
        assert lines[lines.index(pin) + 1].strip().startswith("--hash=sha256:")


def test_what_runs_is_what_is_tested():
    pins = {
        name: set(re.findall(r"^\S+==\S+", (ROOT / "requirements" / f"{name}.txt").read_text("utf-8"), re.MULTILINE))
        for name in ("run", "test")
    }
    assert pins["run"] <= pins["test"]
