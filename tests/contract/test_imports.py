"""Who may import whom, and what kernels may not do, read off the syntax tree."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "pluralism"
MODULES = sorted(PACKAGE.rglob("*.py"))

BASE = {"errors", "_aside", "_lazy", "_quiet", "_validate", "_precision", "_labelled"}
ROOMS = ("utility", "perspective", "jury", "choice", "scores")
BELOW_PLOTS = {*BASE, "kernels", "data", "uncertainty", *ROOMS}

#: Part of the house -> the parts that it may import (itself always included).
MAY_IMPORT = {
    "__init__": {"_lazy"},
    "__main__": {"cli"},
    **dict.fromkeys(BASE, BASE),
    "kernels": {"_lazy"},
    "data": {*BASE, "kernels"},
    "uncertainty": {*BASE, "data", "kernels"},
    **{room: {*BASE, "data", "kernels", "uncertainty"} for room in ROOMS},
    "plots": BELOW_PLOTS,
    "report": {*BELOW_PLOTS, "plots"},
    "adapters": {*BELOW_PLOTS, "plots", "report"},
    "cli": {*BELOW_PLOTS, "plots", "report"},
}

#: Third parties that take long to import, or that only an extra brings.
HEAVY = {
    "arviz", "duckdb", "h5netcdf", "jax", "jinja2", "matplotlib", "narwhals", "numpyro", "pandas",
    "polars", "pyarrow", "rich", "scipy", "statsmodels", "typer", "xarray",
}  # fmt: skip

#: Test oracles and rivals, which the package itself never imports.
PEERS = {
    "abcvoting", "choix", "crowdkit", "evalica", "krippendorff", "pref_voting", "preflibtools",
    "sklearn", "svvamp", "torch", "whalrus",
}  # fmt: skip

#: Module of `adapters` -> the hosts that it speaks to, which nothing else may import.
HOSTS = {
    "inspect_ai": {"inspect_ai"},
    "lm_eval": set(),
    "scikit_learn": {"sklearn"},
    "hf_evaluate": {"datasets", "evaluate"},
    "torchmetrics": {"torch", "torchmetrics"},
    "lighteval": {"lighteval"},
    "helm": {"helm"},
}

#: Heavy imports allowed at module level, in private modules that are of no use without them and
#: that are themselves loaded at first use. What a use may load is tested in test_import_cost.
HEAVY_AT_MODULE_LEVEL = {
    "kernels": {"jax", "scipy"},
    "data": {"narwhals"},
    **{room: {"pandas", "scipy", "xarray"} for room in ROOMS},
    "plots": {"matplotlib"},
    "cli": {"typer"},
}

#: Modules that stand alone so that they may import what others may not.
HEAVY_IN_ONE_MODULE = {"utility/_hierarchical_model.py": {"jax", "numpyro"}}


def host_of(path: Path) -> str:
    """Name the host that a module of `adapters` speaks to, if any."""
    return path.stem if part_of(path) == "adapters" and path.stem in HOSTS else ""


def part_of(path: Path) -> str:
    """Name the room, or the root module, that a file belongs to."""
    first, *rest = path.relative_to(PACKAGE).parts
    return first if rest else Path(first).stem


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def walk(node: ast.AST, *, functions: bool = True, types: bool = True) -> Iterator[ast.AST]:
    """Walk the tree, leaving out function bodies or TYPE_CHECKING blocks on request."""
    for child in ast.iter_child_nodes(node):
        if not types and is_type_checking(child):
            continue
        if not functions and isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        yield child
        yield from walk(child, functions=functions, types=types)


@cache
def imported_by(path: Path, **scope: bool) -> tuple[tuple[int, str], ...]:
    """List (line, absolute dotted name) of everything that a module imports."""
    found = []
    package = ("pluralism", *path.relative_to(PACKAGE).parent.parts)
    for node in walk(syntax(path), **scope):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) + 1 - node.level] if node.level else ()
            source = ".".join([*start, *([node.module] if node.module else [])])
            found += [(node.lineno, f"{source}.{alias.name}") for alias in node.names]
    return tuple(found)


def identify(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=identify)
def test_a_part_imports_only_what_stands_below_it(path: Path) -> None:
    part = part_of(path)
    assert part in MAY_IMPORT, f"{part} has no row in MAY_IMPORT: say what it may import"
    allowed = {part, "__version__", *MAY_IMPORT[part]}
    # At the root, the names for type checkers are those of the export table.
    scope = {"types": part != "__init__"}
    wrong = [
        f"{identify(path)}:{line} imports {name}"
        for line, name in imported_by(path, **scope)
        if name.split(".")[0] == "pluralism" and name.split(".")[1] not in allowed
    ]
    assert not wrong


@pytest.mark.parametrize(
    "path", [path for path in MODULES if part_of(path) == "kernels"], ids=identify
)
def test_kernels_are_numbers_only(path: Path) -> None:
    tree = syntax(path)
    allowed = {"jax", "numpy", "pluralism", "scipy", *sys.stdlib_module_names}
    wrong = [
        f"{identify(path)}:{line} imports {name}"
        for line, name in imported_by(path)
        if name.split(".")[0] not in allowed
    ]
    wrong += [
        f"{identify(path)}:{node.lineno} has a {type(node).__name__.lower()} statement"
        for node in ast.walk(tree)
        if isinstance(node, (ast.Raise, ast.Assert))
    ]
    wrong += [
        f"{identify(path)}:{node.lineno} calls {node.func.id}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"open", "print", "input"}
    ]
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=identify)
def test_heavy_imports_wait_for_their_first_use(path: Path) -> None:
    allowed = (
        set() if path.name == "__init__.py" else HEAVY_AT_MODULE_LEVEL.get(part_of(path), set())
    ) | HEAVY_IN_ONE_MODULE.get(identify(path), set())
    wrong = [
        f"{identify(path)}:{line} imports {name} at module level"
        for line, name in imported_by(path, functions=False, types=False)
        if name.split(".")[0] in HEAVY - allowed
    ]
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=identify)
def test_the_package_imports_no_peer(path: Path) -> None:
    wrong = [
        f"{identify(path)}:{line} imports {name}"
        for line, name in imported_by(path)
        if name.split(".")[0] in PEERS - HOSTS.get(host_of(path), set())
    ]
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=identify)
def test_a_host_is_imported_by_its_own_adapter_only(path: Path) -> None:
    wrong = [
        f"{identify(path)}:{line} imports {name}"
        for line, name in imported_by(path)
        if name.split(".")[0] in set().union(*HOSTS.values()) - HOSTS.get(host_of(path), set())
    ]
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=identify)
def test_a_module_is_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = sum(
        node.body[0].end_lineno - node.body[0].lineno + 1
        for node in ast.walk(syntax(path))
        if isinstance(node, documented) and ast.get_docstring(node) is not None
    )
    assert len(text.splitlines()) - docstrings <= 400


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_warnings_pass_through_the_one_module_that_threads_share(path: Path) -> None:
    if path.name == "_quiet.py":
        return
    imported = [
        node.lineno
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Import) and any(name.name == "warnings" for name in node.names)
    ]
    assert not imported, f"line {imported}: use pluralism._quiet, which is safe among threads"
