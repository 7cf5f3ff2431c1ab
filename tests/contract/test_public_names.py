"""A public name stands in three places, and they agree; its docstring keeps a protocol."""

from __future__ import annotations

import ast
import difflib
import doctest
import importlib.util
import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import pluralism

ROOT = Path(__file__).parents[2]


def load(script: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_docs_{script}", ROOT / "docs" / f"{script}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NAMES, API = load("names"), load("public_api")
EXPORTED: dict[str, set[str]] = NAMES.exported()
PUBLIC = [
    (f"{namespace}.{name}", getattr(getattr(pluralism, namespace), name))
    for namespace, names in EXPORTED.items()
    for name in sorted(names)
]
FUNCTIONS = [(name, thing) for name, thing in PUBLIC if inspect.isfunction(thing)]
CLASSES = [
    (name, thing)
    for name, thing in PUBLIC
    if inspect.isclass(thing) and not issubclass(thing, BaseException)
]
METHODS = [
    (f"{name}.{key}", getattr(thing, key))
    for name, thing in CLASSES
    for key, value in vars(thing).items()
    if not key.startswith("_") and isinstance(value, (classmethod, staticmethod))
]
#: Data that may be left out, and, by the conventions for plots, `ax`.
POSITIONAL_WITH_DEFAULT = {"ax", "comparisons", "outcome", "utilities"}


def ids(cases: list[tuple[str, Any]]) -> list[str]:
    return [name for name, _ in cases]


def sections(thing: Any) -> set[str]:
    """Numpydoc section headings of a docstring."""
    text = inspect.cleandoc(thing.__doc__ or "")
    return set(re.findall(r"^([A-Z][A-Za-z ]+)\n-{3,}$", text, re.MULTILINE))


def in_kernels(thing: Any) -> bool:
    return thing.__module__.startswith("pluralism.kernels")


# -- the three places --------------------------------------------------------------------


def test_reference_pages_list_what_is_exported() -> None:
    listed = NAMES.referenced()
    assert listed == EXPORTED, "run `python docs/names.py`"


def test_architecture_table_lists_what_is_exported() -> None:
    expected = {namespace: names for namespace, names in EXPORTED.items() if names}
    assert NAMES.tabled() == expected, "run `python docs/names.py`"


def test_the_interface_is_the_one_that_was_promised() -> None:
    promised = API.STORED.read_text(encoding="utf-8")
    found = API.described(EXPORTED)
    lines = difflib.unified_diff(
        promised.splitlines(), found.splitlines(), "promised", "found", lineterm="", n=4
    )
    assert found == promised, (
        "the public interface differs from tests/contract/public_api.txt:\n\n"
        + "\n".join(lines)
        + "\n\nIf that is meant: `python docs/public_api.py` renews the file. A line with - breaks "
        "callers: deprecate first, and move the major version (before 1.0 the minor); + alone "
        "moves the minor. Say it in CHANGELOG.md."
    )


def test_a_changed_interface_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    before = API.described({"choice": ["borda"], "uncertainty": ["Bootstrap"]})

    def borda(ballots: str, *, ties: str = "mean", more: int = 0) -> str:
        return ""

    monkeypatch.setattr(pluralism.choice, "borda", borda)
    after = API.described({"choice": ["borda"], "uncertainty": ["Bootstrap"]})
    changed = set(after.splitlines()) ^ set(before.splitlines())
    assert "    more: int = 0" in changed
    assert "choice.borda() -> str" in changed
    assert not any("Bootstrap" in line for line in changed)


def test_every_namespace_is_an_attribute_of_the_root() -> None:
    assert set(pluralism._SUBMODULES) == set(NAMES.namespaces())


def test_every_root_export_is_the_same_object_in_its_namespace() -> None:
    for name, namespace in pluralism._EXPORTS.items():
        assert getattr(pluralism, name) is getattr(getattr(pluralism, namespace), name)


def test_type_checkers_see_what_the_root_exports() -> None:
    tree = ast.parse((ROOT / "pluralism" / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node)
    )
    names: dict[str, str] = {}
    modules: set[str] = set()
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            assert alias.name == alias.asname, f"write `{alias.name} as {alias.name}` to re-export"
            if node.module is None:
                modules.add(alias.name)
            else:
                names[alias.name] = node.module
    assert names == pluralism._EXPORTS
    assert modules in (set(), set(pluralism._SUBMODULES))


def test_a_private_module_is_not_named_like_a_public_function() -> None:
    public = {name for names in EXPORTED.values() for name in names}
    for path in (ROOT / "pluralism").glob("*/*.py"):
        assert path.stem not in public
        if path.parent.name == "adapters" and not path.stem.startswith("_"):
            continue  # a host's configuration names it by its dotted path
        assert path.stem.startswith("_"), f"{path.name} must start with an underscore"


def test_a_wrong_name_is_answered_by_the_right_one() -> None:
    with pytest.raises(AttributeError, match="did you mean 'Comparisons'"):
        pluralism.Comparison  # noqa: B018


# -- the docstring protocol --------------------------------------------------------------


@pytest.mark.parametrize(("name", "thing"), PUBLIC, ids=ids(PUBLIC))
def test_everything_public_is_documented(name: str, thing: Any) -> None:
    if inspect.isfunction(thing) or inspect.isclass(thing):
        assert inspect.cleandoc(thing.__doc__ or ""), name


@pytest.mark.parametrize(("name", "thing"), FUNCTIONS + METHODS, ids=ids(FUNCTIONS) + ids(METHODS))
def test_a_function_documents_what_goes_in_and_out(name: str, thing: Any) -> None:
    parameters = [key for key in inspect.signature(thing).parameters if key != "cls"]
    has = sections(thing)
    if in_kernels(thing):
        pytest.skip("a kernel's shapes stand in its code; its callers document the rest")
    if parameters:
        assert "Parameters" in has, name
        text = inspect.cleandoc(thing.__doc__)
        body = re.split(r"^Parameters\n-+\n", text, flags=re.MULTILINE)[1]
        body = re.split(r"^[A-Z][A-Za-z ]+\n-{3,}$", body, flags=re.MULTILINE)[0]
        heads = {
            key.strip().lstrip("*")
            for line in re.findall(r"^(\S[^:\n]*?)(?: :.*)?$", body, re.MULTILINE)
            for key in line.split(",")
        }
        assert set(parameters) <= heads, f"{name} leaves out {set(parameters) - heads}"
    assert has & {"Returns", "Yields"}, name
    assert "Raises" in has, name


@pytest.mark.parametrize(("name", "thing"), FUNCTIONS, ids=ids(FUNCTIONS))
def test_a_function_has_an_example_that_runs(name: str, thing: Any) -> None:
    if in_kernels(thing):
        pytest.skip("kernels are shown by the functions that call them")
    assert "Examples" in sections(thing), name
    examples = doctest.DocTestParser().get_examples(thing.__doc__)
    assert examples, name
    assert any(example.want for example in examples), f"{name} shows no result"
    assert not any("+SKIP" in example.source for example in examples), name


@pytest.mark.parametrize(("name", "thing"), FUNCTIONS + METHODS, ids=ids(FUNCTIONS) + ids(METHODS))
def test_what_follows_the_data_is_keyword_only(name: str, thing: Any) -> None:
    if in_kernels(thing):
        pytest.skip("kernels take arrays by position")
    wrong = [
        key
        for key, parameter in inspect.signature(thing).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        and parameter.default is not parameter.empty
        and key not in POSITIONAL_WITH_DEFAULT
    ]
    assert not wrong, f"{name} takes {wrong} by position"
