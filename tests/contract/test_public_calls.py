"""What holds for every call of every public function, shown on the call that its example makes.

Each example is run with the function replaced by one that calls it and looks at what it did: the
process as it was, the arguments as they were, the same answer again, and the same answer when four
threads ask at once.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import doctest
import importlib.util
import inspect
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import pluralism

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
THREADS = 4


def is_same(a: Any, b: Any) -> bool:
    """Whether two values are the same, NaN equal to NaN, whatever they are made of."""
    if a is b:
        return True
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        a, b = np.asarray(a), np.asarray(b)
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        if a.dtype == object:
            return all(map(is_same, a.ravel(), b.ravel()))
        return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if type(a) is not type(b):
        return False
    if isinstance(a, (xr.DataArray, xr.Dataset, xr.DataTree)):
        return a.identical(b)
    if isinstance(a, (pd.DataFrame, pd.Series, pd.Index)):
        return a.equals(b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(is_same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(is_same, a, b))
    if dataclasses.is_dataclass(a):
        return all(
            is_same(getattr(a, field.name, None), getattr(b, field.name, None))
            for field in dataclasses.fields(a)
            if not field.name.startswith("_")  # what is computed on demand and kept
        )
    if isinstance(a, float) and a != a:
        return b != b
    if callable(a):
        return True  # functions are code, not data
    if hasattr(a, "__dict__") and type(a).__module__.startswith("pluralism"):
        return is_same(public(a), public(b))
    with contextlib.suppress(Exception):
        return bool(a == b)
    return True


def public(thing: Any) -> dict[str, Any]:
    """Attributes, without those that hold what is computed on demand and kept."""
    return {key: value for key, value in vars(thing).items() if not key.startswith("_")}


def world() -> dict[str, Any]:
    """Everything of the process that a library must leave alone."""
    legacy = np.random.get_state()  # noqa: NPY002
    return {
        "NumPy errors": np.geterr(),
        "NumPy printing": np.get_printoptions(),
        "NumPy random state": [np.asarray(part) for part in legacy[1:]],
        "random state": random.getstate(),
        "warnings filters": list(warnings.filters),
        "JAX precision": jax.config.jax_enable_x64,
        "JAX promotion": jax.config.jax_numpy_dtype_promotion,
        "Matplotlib settings": dict(mpl.rcParams),
        "environment": dict(os.environ),
        "path": list(sys.path),
        "folder": str(Path.cwd()),
        "pandas printing": pd.get_option("display.max_rows"),
        "xarray options": dict(xr.get_options()),
        "threads": threading.active_count(),
    }


def copied(value: Any) -> Any:
    """A deep copy, or the value itself where there is none (a generator, an open relation)."""
    try:
        return copy.deepcopy(value)
    except Exception:
        return value


def is_repeatable(thing: Callable[..., Any], kwargs: dict[str, Any]) -> bool:
    """Whether the same call must give the same answer."""
    seed = inspect.signature(thing).parameters.get("seed")
    if seed is None:
        return True
    given = kwargs.get("seed", seed.default)
    return isinstance(given, int) and not isinstance(given, bool)


def flat(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Any]:
    yield from args
    yield from kwargs.values()


@dataclasses.dataclass
class Watched:
    """A public function, and what its calls turned out to do."""

    thing: Callable[..., Any]
    drawn: bool
    calls: int = 0
    wrong: list[str] = dataclasses.field(default_factory=list)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given, before = copied((args, kwargs)), world()
        answer = self.thing(*args, **kwargs)
        self.calls += 1
        after = world()
        self.wrong += [f"changed: {key}" for key in before if not is_same(before[key], after[key])]
        consumes = any(isinstance(x, (Iterator, np.random.Generator)) for x in flat(args, kwargs))
        if self.drawn or consumes:  # axes are drawn on, iterators and generators drawn from
            return answer
        if not is_same(given, (args, kwargs)):
            self.wrong.append("changed its arguments")
        if self.calls == 1 and is_repeatable(self.thing, kwargs):
            self.ask_again(answer, before, args, kwargs)
        return answer

    def ask_again(self, answer: Any, before: Any, args: Any, kwargs: Any) -> None:
        if not is_same(answer, self.thing(*args, **kwargs)):
            self.wrong.append("answered otherwise when asked again")
        start = threading.Barrier(THREADS)

        def at_once(_: int) -> Any:
            start.wait()
            return self.thing(*args, **kwargs)

        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(pool.map(at_once, range(THREADS)))
        if not all(is_same(answer, other) for other in answers):
            self.wrong.append(f"answered otherwise when {THREADS} threads asked at once")
        after = world()
        changed = [key for key in before if not is_same(before[key], after[key])]
        self.wrong += [f"changed when {THREADS} threads asked at once: {key}" for key in changed]


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


@pytest.mark.parametrize(
    ("namespace", "name"), FUNCTIONS, ids=[".".join(function) for function in FUNCTIONS]
)
def test_a_call_leaves_the_world_its_arguments_and_its_answer_as_they_are(
    namespace: str, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    room = getattr(pluralism, namespace)
    thing = getattr(room, name)
    run(thing, tmp_path)  # what is imported at a first use has been imported now
    watched = Watched(thing, drawn=namespace == "plots")
    monkeypatch.setattr(room, name, watched)
    if pluralism._EXPORTS.get(name) == namespace:
        monkeypatch.setattr(pluralism, name, watched)
    run(thing, tmp_path, by=watched)
    assert watched.calls, "its example does not call it"
    assert not watched.wrong


# -- across processes --------------------------------------------------------------------------

SEEDED = [
    (namespace, name)
    for namespace, name in FUNCTIONS
    if "seed" in inspect.signature(getattr(getattr(pluralism, namespace), name)).parameters
]


def digits(value: Any) -> str:
    """What a value says, in ten digits, without the addresses of objects."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {
            field.name: digits(getattr(value, field.name, None))
            for field in dataclasses.fields(value)
            if not field.name.startswith("_")
        }
        return f"{type(value).__name__} {parts}"
    if isinstance(value, (xr.DataArray, xr.Dataset)):
        return json.dumps(value.to_dict(), default=digits)
    if isinstance(value, pd.DataFrame):
        return value.to_csv(float_format="%.10g")
    if isinstance(value, np.ndarray):
        return digits(value.tolist())
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(digits, value))}]"
    if isinstance(value, (dict, types.MappingProxyType)):
        return f"{{{', '.join(f'{key!r}: {digits(part)}' for key, part in value.items())}}}"
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.10g}"
    return type(value).__name__ if " at 0x" in repr(value) else repr(value)


def seeded_answers() -> dict[str, str]:
    """First answer of every function that takes a seed, in its example."""
    answers = {}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for namespace, name in SEEDED:
            thing = getattr(getattr(pluralism, namespace), name)
            kept: list[str] = []

            def keep(*args: Any, thing: Any = thing, kept: list[str] = kept, **kwargs: Any) -> Any:
                answer = thing(*args, **kwargs)
                if is_repeatable(thing, kwargs):
                    kept.append(digits(answer))
                return answer

            room = getattr(pluralism, namespace)
            setattr(room, name, keep)
            run(thing, Path(folder), by=keep)
            setattr(room, name, thing)
            if kept:
                answers[f"{namespace}.{name}"] = kept[0]
    return answers


@pytest.mark.slow
def test_a_seed_gives_one_answer_in_every_process_and_with_any_number_of_threads() -> None:
    found = []
    for threads in ("1", "2"):
        several = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, __file__],
            env={**os.environ, **several, "PYTHONHASHSEED": threads, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout))
    assert len(found[0]) >= 20
    assert [name for name in found[0] if found[0][name] != found[1][name]] == []


if __name__ == "__main__":
    print(json.dumps(seeded_answers()))
