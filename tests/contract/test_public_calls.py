"""What holds for every call of every public function, shown on the call that its example makes.

Each example is run with the function replaced by one that calls it and looks at what it did: the
process as it was, the arguments as they were, the same answer again, and the same answer when four
threads ask at once. The same call is then made in other processes and with other types of numbers.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import random
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr
from public_calls import (
    FUNCTIONS,
    digits,
    first_call,
    function,
    is_repeatable,
    is_same,
    numbers,
    run,
)

import pluralism
from pluralism.errors import DataError

ROOT = Path(__file__).parents[2]
NAMES = [".".join(function) for function in FUNCTIONS]
THREADS = 4
FLOATS = ("float64", "float32", "float16")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint64")


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
        filters = list(warnings.filters)

        def at_once(_: int) -> Any:
            start.wait()
            return self.thing(*args, **kwargs)

        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(pool.map(at_once, range(THREADS)))
        if not all(is_same(answer, other) for other in answers):
            self.wrong.append(f"answered otherwise when {THREADS} threads asked at once")
        # pandas swaps the filters without a lock whenever it casts, so that two of its threads can
        # leave them changed; that no code of ours does is a test of its own below.
        warnings.filters[:] = filters
        after = world()
        changed = [key for key in before if not is_same(before[key], after[key])]
        self.wrong += [f"changed when {THREADS} threads asked at once: {key}" for key in changed]


@pytest.mark.slow
@pytest.mark.parametrize(("namespace", "name"), FUNCTIONS, ids=NAMES)
def test_a_call_leaves_the_world_its_arguments_and_its_answer_as_they_are(
    namespace: str, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    thing = function(namespace, name)
    run(thing, tmp_path)  # what is imported at a first use has been imported now
    if pluralism._EXPORTS.get(name) == namespace:
        getattr(pluralism, name)  # looked up before it is replaced, so that undoing restores it
    watched = Watched(thing, drawn=namespace == "plots")
    # The root first: it takes what it exports from the namespace, at the first access.
    if pluralism._EXPORTS.get(name) == namespace:
        monkeypatch.setattr(pluralism, name, watched)
    monkeypatch.setattr(getattr(pluralism, namespace), name, watched)
    run(thing, tmp_path, by=watched)
    assert watched.calls, "its example does not call it"
    assert not watched.wrong


def test_no_module_but_the_locked_one_swaps_the_filters_of_warnings() -> None:
    swaps = re.compile(
        r"^(?!\s*(?:>>>|\.\.\.)).*\b(catch_warnings|simplefilter|filterwarnings)\(", re.M
    )
    found = [
        path.name
        for path in (ROOT / "pluralism").rglob("*.py")
        if swaps.search(path.read_text(encoding="utf-8"))
    ]
    assert found == ["_quiet.py"]


@pytest.mark.slow
def test_a_seed_gives_one_answer_in_every_process_and_with_any_number_of_threads() -> None:
    found = []
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    for threads in ("1", "2"):
        several = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-m", "public_calls"],
            env={**os.environ, **several, "PYTHONHASHSEED": threads, "PYTHONPATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout))
    assert len(found[0]) >= 20
    assert [name for name in found[0] if found[0][name] != found[1][name]] == []


# -- types of numbers --------------------------------------------------------------------------


def as_numbers(value: Any) -> np.ndarray | None:
    """The value as an array, if it is made of several plain numbers."""
    if not isinstance(value, (list, tuple, np.ndarray)):
        return None
    try:
        array = np.asarray(value)
    except ValueError:  # ragged
        return None
    return array if array.dtype.kind in "iuf" and array.size > 1 else None


def other_types(array: np.ndarray) -> Iterator[tuple[str, Any]]:
    """The same numbers otherwise: every type that holds them exactly, and other memory."""
    yield "list", array.tolist()
    yield "object", array.astype(object)
    yield "Fortran order", np.asfortranarray(array)
    yield "every second row", np.repeat(array, 2, axis=0)[::2]
    yield "read-only", read_only(array)
    for kind in [
        "float64",
        "float32",
        "float16",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint64",
    ]:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = array.astype(kind)
        if np.array_equal(other.astype(float), array.astype(float), equal_nan=True):
            yield kind, other


def read_only(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


#: A user's own statistic, which indexes what it is given, is the one to say what it takes.
USERS_OWN = {"uncertainty.bootstrap", "uncertainty.permutation_test"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pluralism.errors.SmallSampleWarning")
@pytest.mark.filterwarnings("ignore::pluralism.errors.ApproximationWarning")
@pytest.mark.parametrize(("namespace", "name"), FUNCTIONS, ids=NAMES)
def test_the_type_that_holds_a_number_does_not_change_the_answer(namespace: str, name: str) -> None:
    if namespace in {"plots", "report"} or f"{namespace}.{name}" in USERS_OWN:
        pytest.skip("draws, or hands its data on as they are")
    thing, call = function(namespace, name), first_call(namespace, name)
    if not is_repeatable(thing, call.kwargs):
        pytest.skip("its example sets no seed")
    if any(isinstance(value, Path) for value in call.args):
        pytest.skip("reads a file, which its example has put away")
    expected = digits(thing(*call.args, **call.kwargs))
    for key, value in [*enumerate(call.args), *call.kwargs.items()]:
        array = as_numbers(value)
        for kind, other in () if array is None else other_types(array):
            args, kwargs = list(call.args), dict(call.kwargs)
            if isinstance(key, int):
                args[key] = other
            else:
                kwargs[key] = other
            try:
                answer = digits(thing(*args, **kwargs))
            except DataError as error:
                # what must be whole may refuse numbers that only happen to be
                if not (kind == "object" or (kind in FLOATS and array.dtype.kind in "iu")):
                    error.add_note(f"{key} as {kind}")
                    raise
            else:
                assert answer == expected, f"{key} as {kind}"


# -- forms of the same numbers -----------------------------------------------------------------


def other_forms(array: np.ndarray) -> Iterator[tuple[str, Any]]:
    """The same numbers in the containers that people keep them in."""
    yield "DataArray", xr.DataArray(array, dims=[f"axis_{k}" for k in range(array.ndim)])
    if array.ndim == 1:
        yield "tuple", tuple(array.tolist())
        yield "Polars", pl.Series(array)
        yield "Series", pd.Series(array)
        yield "Series whose index is another", pd.Series(array, np.arange(len(array))[::-1] + 5)
    if array.ndim == 2:
        yield "tuples", tuple(map(tuple, array.tolist()))
        yield "DataFrame", pd.DataFrame(array)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pluralism.errors.SmallSampleWarning")
@pytest.mark.filterwarnings("ignore::pluralism.errors.ApproximationWarning")
@pytest.mark.parametrize(("namespace", "name"), FUNCTIONS, ids=NAMES)
def test_the_form_that_holds_numbers_changes_no_number(namespace: str, name: str) -> None:
    if namespace in {"plots", "report"} or f"{namespace}.{name}" in USERS_OWN:
        pytest.skip("draws, or hands its data on as they are")
    thing, call = function(namespace, name), first_call(namespace, name)
    if not is_repeatable(thing, call.kwargs):
        pytest.skip("its example sets no seed")
    if any(isinstance(value, Path) for value in call.args):
        pytest.skip("reads a file, which its example has put away")
    given = [*enumerate(call.args), *call.kwargs.items()]
    arrays = {key: array for key, value in given if (array := as_numbers(value)) is not None}
    expected = numbers(thing(*call.args, **call.kwargs)) if arrays else []
    for key, array in arrays.items():
        for form, other in other_forms(array):
            args, kwargs = list(call.args), dict(call.kwargs)
            if isinstance(key, int):
                args[key] = other
            else:
                kwargs[key] = other
            try:
                answer = numbers(thing(*args, **kwargs))
            except DataError:
                # Labels mean something, so that these may contradict others; a list does not.
                assert not form.startswith("tuple"), f"{key} as {form}"
            else:
                np.testing.assert_allclose(answer, expected, 1e-9, err_msg=f"{key} as {form}")
