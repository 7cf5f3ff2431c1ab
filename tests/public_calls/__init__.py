"""Every public function, with the call that its example makes.

Tests that hold for all of them run these calls again under other circumstances.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib.util
import inspect
import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt

import pluralism

from ._values import digits, is_same, numbers

__all__ = [
    "FUNCTIONS",
    "Call",
    "digits",
    "first_call",
    "function",
    "is_repeatable",
    "is_same",
    "numbers",
    "run",
]

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("_docs_names", ROOT / "docs" / "names.py")
_names = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_names)
FUNCTIONS = [
    (namespace, name)
    for namespace, names in _names.exported().items()
    if namespace not in {"kernels", "errors"}
    for name in sorted(names)
    if inspect.isfunction(getattr(getattr(pluralism, namespace), name))
]


class Call(NamedTuple):
    """The arguments of a call."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def function(namespace: str, name: str) -> Callable[..., Any]:
    """Look a public function up."""
    return getattr(getattr(pluralism, namespace), name)


def is_repeatable(thing: Callable[..., Any], kwargs: dict[str, Any]) -> bool:
    """Whether the same call must give the same answer."""
    seed = inspect.signature(thing).parameters.get("seed")
    if seed is None:
        return True
    given = kwargs.get("seed", seed.default)
    return isinstance(given, int) and not isinstance(given, bool)


def run(thing: Any, folder: Path, by: Any = None) -> None:
    """Carry out the example of a docstring, as doctest does, perhaps with another function."""
    names = dict(vars(sys.modules[thing.__module__]))
    if by is not None:
        names[thing.__name__] = by
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
        for example in doctest.DocTestParser().get_examples(inspect.cleandoc(thing.__doc__)):
            code = compile(example.source, f"<{thing.__name__}>", "single")
            if example.exc_msg is None:
                exec(code, names)
            else:
                with contextlib.suppress(Exception):
                    exec(code, names)
    for made in names.values():
        if isinstance(made, tempfile.TemporaryDirectory):
            made.cleanup()
    plt.close("all")


def first_call(namespace: str, name: str) -> Call:
    """Arguments of the first call that a function's example makes of it."""
    thing = function(namespace, name)
    calls: list[Call] = []

    def keep(*args: Any, **kwargs: Any) -> Any:
        calls.append(Call(args, kwargs))
        return thing(*args, **kwargs)

    room = getattr(pluralism, namespace)
    setattr(room, name, keep)
    try:
        with tempfile.TemporaryDirectory() as folder:
            run(thing, Path(folder), by=keep)
    finally:
        setattr(room, name, thing)
    return calls[0]
