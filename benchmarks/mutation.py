"""Whether the tests notice when a line of `kernels` or `choice` is changed.

Cosmic Ray's operators name every mutant of the two packages; a seeded sample of them is drawn, and
each is run against the tests that execute its line (by a coverage run with contexts) until one
fails: those first that are quick and spend most of their lines in the module. A mutant lives in
memory only, in a fork of a process that has collected the tests already: no file is changed.

    pytest -n auto --cov=pluralism --cov-branch --cov-context=test --junit-xml=.coverage-times.xml
    python benchmarks/mutation.py --sample 600 --write

Tests that start processes of their own (the command line) see the unchanged code, and the tests
of a line that come last are left out, so what is printed is the least that the suite notices.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib.abc
import importlib.util
import itertools
import os
import random
import re
import signal
import sqlite3
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("kernels", "choice")
#: The operators of most mutation tools: each changes one sign, bound, truth or number. Cosmic Ray
#: has others, which put every operator in the place of every other.
CONVENTIONAL = [
    *(f"core/ReplaceBinaryOperator_{change}" for change in (
        "Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "Pow_Mul", "FloorDiv_Div", "Mod_Mul",
        "BitAnd_BitOr", "BitOr_BitAnd", "LShift_RShift", "RShift_LShift",
    )),
    *(f"core/ReplaceComparisonOperator_{change}" for change in (
        "Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Lt_GtE", "Gt_LtE",
        "Is_IsNot", "IsNot_Is",
    )),
    "core/ReplaceUnaryOperator_Delete_USub", "core/ReplaceUnaryOperator_Delete_Not",
    "core/ReplaceUnaryOperator_Delete_Invert", "core/ReplaceAndWithOr", "core/ReplaceOrWithAnd",
    "core/ReplaceTrueWithFalse", "core/ReplaceFalseWithTrue", "core/AddNot",
    "core/NumberReplacer", "core/ReplaceBreakWithContinue", "core/ReplaceContinueWithBreak",
    "core/ZeroIterationForLoop",
]  # fmt: skip
#: These want to be told names.
UNUSABLE = {"core/VariableInserter", "core/VariableReplacer"}
#: Assertions are not rewritten: pytest would load a module with doctests from its file.
PYTEST = ("-x", "-q", "-s", "-n0", "-p", "no:cacheprovider", "-p", "no:cov", "--assert=plain")
#: Seconds that the tests may take on a busy machine; a mutant that never ends has been noticed.
LIMIT = 240
#: What looks at every signature and class, whichever lines it runs.
INTERFACE = (
    "tests/contract/test_public_names.py::test_the_interface_is_the_one_that_was_promised",
)
#: The exit status of a child that could not change the module.
BROKEN = 77


class Mutant(NamedTuple):
    """One change of one line."""

    path: Path
    operator: str
    occurrence: int
    line: int

    @property
    def module(self) -> str:
        """The dotted name of the module."""
        return ".".join(self.path.relative_to(ROOT).with_suffix("").parts)


def every_mutant(operators: list[str]) -> list[Mutant]:
    """All mutants of the packages, in the order of their files."""
    from cosmic_ray.ast import ast_nodes, get_ast_from_path
    from cosmic_ray.plugins import get_operator

    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / "pluralism" / package).glob("*.py")):
            if path.name == "__init__.py":
                continue
            source = path.read_text(encoding="utf-8")
            lines, types = source.splitlines(), annotations(source)
            nodes = list(ast_nodes(get_ast_from_path(path)))
            for name in operators:
                operator = get_operator(name)()
                places = (place for node in nodes for place in operator.mutation_positions(node))
                found += [
                    Mutant(path, name, occurrence, start[0])
                    for occurrence, (start, _) in enumerate(places)
                    if not is_marker(lines[start[0] - 1][start[1] :])
                    and not any(low <= start < high for low, high in types)
                ]
    return found


def annotations(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where annotations start and end, which are never evaluated."""
    found: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.AnnAssign, ast.arg)):
            found.append(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            found.append(node.returns)
    return [
        ((node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0))
        for node in found
        if node is not None
    ]


def is_marker(rest: str) -> bool:
    """Whether this is the star of a signature, which Cosmic Ray takes for a product."""
    return rest.startswith("*,") or rest == "*"


def mutated(mutant: Mutant) -> str | None:
    """The module's source with the change made."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    source = mutant.path.read_text(encoding="utf-8")
    changed = mutate_code(source, get_operator(mutant.operator)(), mutant.occurrence)
    return changed if changed != source else None


def compiles(source: str) -> bool:
    """Whether Python reads this: a star that collects arguments cannot be a minus."""
    try:
        compile(source, "changed", "exec")
    except SyntaxError:
        return False
    return True


# -- which tests -------------------------------------------------------------------------------


def seconds_by_test(path: Path) -> dict[str, float]:
    """How long each test took, by class name and name, from the report of the coverage run."""
    if not path.is_file():
        return {}
    cases = ElementTree.parse(path).iter("testcase")
    return {
        f"{case.get('classname')}::{case.get('name')}": float(case.get("time", 0)) for case in cases
    }


class Tests:
    """The tests that execute a line: first those that are quick and mostly in its module."""

    def __init__(self, database: Path, times: Path, budget: float) -> None:
        from coverage.numbits import numbits_to_nums

        self.seconds, self.budget = seconds_by_test(times), budget
        self.of_line: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.in_module: Counter[tuple[str, str]] = Counter()
        self.anywhere: Counter[str] = Counter()
        connection = sqlite3.connect(database)
        arcs = connection.execute(
            "SELECT file.path, context.context, arc.fromno, arc.tono FROM arc "
            "JOIN file ON arc.file_id = file.id JOIN context ON arc.context_id = context.id"
        )
        lines = connection.execute(
            "SELECT file.path, context.context, numbits FROM line_bits "
            "JOIN file ON line_bits.file_id = file.id "
            "JOIN context ON line_bits.context_id = context.id"
        )
        for path, context, start, end in arcs:
            self._add(path, context, (start, end))
        for path, context, bits in lines:
            self._add(path, context, numbits_to_nums(bits))

    def _add(self, path: str, context: str, lines) -> None:
        if not context:
            return
        test = context.partition("|")[0]
        # A block of a page needs the blocks before it: the page is run.
        test = test.partition("::")[0] if ".md::" in test else test
        for line in lines:
            if line > 0:
                self.of_line[path][line].add(test)
                self.in_module[path, test] += 1
                self.anywhere[test] += 1

    def of(self, mutant: Mutant) -> list[str]:
        """Return those that execute the line, or, of a line run at import, all of its module.

        No more than the budget allows, so that a mutant out of time is one that never ends.
        """
        path = str(mutant.path)
        by_line = self.of_line.get(path, {})
        found = by_line.get(mutant.line) or set().union(*by_line.values(), INTERFACE)

        def promise(test: str) -> tuple[float, str]:
            share = self.in_module[path, test] / self.anywhere[test] if self.anywhere[test] else 1.0
            return (self.cost(test) + 0.02) / share, test

        spent, chosen = 0.0, []
        for test in sorted(found, key=promise):
            spent += self.cost(test)
            if spent <= self.budget or not chosen:
                chosen.append(test)
        return chosen

    def cost(self, test: str) -> float:
        """Return the seconds that a test took, or all blocks of a page."""
        path, _, name = test.partition("::")
        if not name:
            start = f"{path.replace('/', '.')}::"
            return sum(took for block, took in self.seconds.items() if block.startswith(start))
        key = f"{path.removesuffix('.py').replace('/', '.')}::{name.rpartition('::')[2]}"
        return self.seconds.get(key, 1.0)


# -- a mutant in a process that has imported the module: its functions are given new code --------


def patches(mutant: Mutant, source: str) -> list[tuple[CodeType, CodeType]] | None:
    """Code of functions, as it is and as changed; none where the change is not in a function."""
    file = str(mutant.path)
    old = compile(mutant.path.read_text(encoding="utf-8"), file, "exec", dont_inherit=True)
    new = compile(source, file, "exec", dont_inherit=True)
    found = []
    pairs = [(old, new)]
    while pairs:
        before, after = pairs.pop()
        inner = [constant for constant in before.co_consts if isinstance(constant, CodeType)]
        changed = [constant for constant in after.co_consts if isinstance(constant, CodeType)]
        if len(inner) != len(changed) or blank(before) != blank(after):
            return None
        for one, other in zip(inner, changed, strict=True):
            if one == other:
                continue
            if one.co_flags & 2:  # the code of a function, not of a class
                if one.co_freevars != other.co_freevars:
                    return None
                found.append((one, other))
            else:
                pairs.append((one, other))
    return found


def blank(code: CodeType) -> CodeType:
    """Return code without the functions and classes in it."""
    kept = tuple(None if isinstance(part, CodeType) else part for part in code.co_consts)
    return code.replace(co_consts=kept)


def apply(changes: list[tuple[CodeType, CodeType]]) -> None:
    """Give every function that has the old code the new one."""
    new = dict(changes)
    done = set()
    for function in [found for found in gc.get_objects() if type(found) is FunctionType]:
        if function.__code__ in new:
            done.add(function.__code__)
            function.__code__ = new[function.__code__]
    if len(done) < len(new):
        raise RuntimeError("no function has this code")


class Collected:
    """A plugin of pytest that judges mutants where it would have run the tests."""

    def __init__(self, mutants: list[Mutant], tests: Tests, jobs: int) -> None:
        self.mutants, self.tests, self.jobs = mutants, tests, jobs
        self.outcomes: list[tuple[Mutant, str]] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge the mutants."""
        self.items: dict[str, list[pytest.Item]] = defaultdict(list)
        for item in session.items:
            name = item.nodeid
            self.items[name.partition("::")[0] if ".md::" in name else name].append(item)
        self.session = session
        for mutant in self.mutants[:: max(1, len(self.mutants) // 10)]:
            (how,) = (how for _, how in judge([mutant], self.unchanged, 1, aloud=False))
            if how != "survived":
                raise SystemExit(f"the tests fail on {mutant.module} as it is: {how}")
        self.outcomes.extend(judge(self.mutants, self.changed, self.jobs))
        return True

    def unchanged(self, mutant: Mutant) -> Callable[[], int]:
        """Return how the tests of a mutant's line are run on the module as it is."""
        return lambda: self.run([], self.tests.of(mutant))

    def changed(self, mutant: Mutant) -> Callable[[], int]:
        """Return how they are run on the mutant."""
        found = patches(mutant, mutated(mutant) or "")
        assert found is not None
        return lambda: self.run(found, self.tests.of(mutant))

    def run(self, changes: list[tuple[CodeType, CodeType]], tests: list[str]) -> int:
        """Return 1 if a test fails with the functions changed."""
        if changes:
            apply(changes)
        items = [item for test in tests for item in self.items.get(test, ())]
        for item, following in itertools.zip_longest(items, items[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.session.testsfailed:
                return 1
        return 0


# -- a mutant of a line that runs at import: the module is imported anew -------------------------


class InMemory(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Import one module from changed source."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        self.name, self.path, self.source = name, path, source

    def find_spec(self, name, path=None, target=None):
        """Say that the module is here."""
        if name == self.name:
            return importlib.util.spec_from_file_location(name, self.path, loader=self)
        return None

    def create_module(self, spec):
        """Leave the making to Python."""
        return None

    def exec_module(self, module):
        """Run the changed source."""
        exec(compile(self.source, str(self.path), "exec"), module.__dict__)

    def get_source(self, name):
        """Return the changed source, for tracebacks and doctests."""
        return self.source


def preload() -> None:
    """Import what tests need, but nothing of ours and without starting JAX."""
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", JAX_PLATFORMS="cpu")
    for name in (
        "jax", "matplotlib", "numpy", "pandas", "polars", "pyarrow",
        "scipy.optimize", "scipy.stats", "statsmodels.api", "xarray",
    ):  # fmt: skip
        importlib.import_module(name)


def imported(mutant: Mutant, tests: Tests) -> Callable[[], int]:
    """Return how the tests are run with the module imported from changed source."""
    source = mutated(mutant) or ""

    def run() -> int:
        sys.meta_path.insert(0, InMemory(mutant.module, mutant.path, source))
        return int(pytest.main([*PYTEST, *tests.of(mutant)]))

    return run


# -- judging -----------------------------------------------------------------------------------


def judge(
    mutants: list[Mutant],
    prepare: Callable[[Mutant], Callable[[], int]],
    jobs: int,
    *,
    aloud: bool = True,
) -> Iterator[tuple[Mutant, str]]:
    """Yield what became of each mutant, some at a time: noticed, never ended, or survived."""
    waiting, running = list(reversed(mutants)), {}
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            running[fork(prepare(mutant))] = mutant, time.monotonic() + LIMIT
        time.sleep(0.02)
        for child, (mutant, deadline) in list(running.items()):
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                code = os.waitstatus_to_exitcode(status)
                if code == BROKEN:
                    raise RuntimeError(f"the change at {mutant} could not be tried")
                how = "noticed" if code else "survived"
            elif time.monotonic() > deadline:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                how = "never ended"
            else:
                continue
            del running[child]
            if aloud:
                print(f"{how:12} {mutant.module}:{mutant.line} {mutant.operator}", flush=True)
            yield mutant, how


def fork(run: Callable[[], int]) -> int:
    """Return the process that runs this and says nothing but its exit status."""
    child = os.fork()
    if child:
        return child
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.setsid()
    code = BROKEN
    try:
        code = run()
    finally:
        os._exit(code)


def main() -> None:
    from cosmic_ray.plugins import operator_names

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="regular expression on the module's name")
    parser.add_argument("--conventional", action="store_true", help="only common operators")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--budget", type=float, default=40.0, help="seconds of tests a mutant")
    parser.add_argument("--coverage", type=Path, default=ROOT / ".coverage")
    parser.add_argument("--times", type=Path, default=ROOT / ".coverage-times.xml")
    parser.add_argument("--write", action="store_true", help="store the result")
    options = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    operators = CONVENTIONAL if options.conventional else sorted({*operator_names()} - UNUSABLE)
    mutants = [
        mutant for mutant in every_mutant(operators) if re.search(options.only, mutant.module)
    ]
    tests = Tests(options.coverage, options.times, options.budget)
    drawn = random.Random(options.seed).sample(mutants, min(options.sample, len(mutants)))
    at_import, in_functions = [], []
    for mutant in drawn:
        source = mutated(mutant)
        if source is not None and compiles(source):
            (at_import if patches(mutant, source) is None else in_functions).append(mutant)
    print(f"{len(in_functions)} in functions, {len(at_import)} at import", flush=True)
    preload()
    collected = Collected(in_functions, tests, options.jobs)
    outcomes: list[tuple[Mutant, str]] = []
    try:
        outcomes.extend(judge(at_import, lambda mutant: imported(mutant, tests), options.jobs))
        pytest.main([*PYTEST], plugins=[collected])
    except KeyboardInterrupt:  # the first ones are a sample too
        pass
    outcomes += collected.outcomes
    text = report(outcomes, len(mutants), options)
    print(text)
    if options.write:
        (ROOT / "benchmarks" / "results" / "mutation.md").write_text(text, encoding="utf-8")


def report(outcomes: list[tuple[Mutant, str]], total: int, options: argparse.Namespace) -> str:
    """The result, as Markdown."""
    common = [pair for pair in outcomes if pair[0].operator in CONVENTIONAL]
    rows = [
        *((name, [pair for pair in outcomes if pair[0].path.parent.name == name])
          for name in PACKAGES),
        ("both", outcomes),
        ("both, common operators", common),
        ("both, the other operators", [pair for pair in outcomes if pair not in common]),
    ]  # fmt: skip
    lines = [
        "# Mutants that the tests notice",
        "",
        f"`python benchmarks/mutation.py --sample {options.sample} --seed {options.seed}"
        f"{' --conventional' if options.conventional else ''}`: "
        f"{len(outcomes):,} drawn of {total:,} mutants by Cosmic Ray's operators.",
        "",
        "| package | drawn | noticed | never ended | survived | noticed, % (95% Wilson interval) |",
        "| --- " * 6 + "|",
        *(row(name, Counter(how for _, how in pairs)) for name, pairs in rows if pairs),
        "",
        "Survivors:",
        "",
    ]
    lines += [
        f"* `{mutant.module}` line {mutant.line}, {mutant.operator.removeprefix('core/')}: "
        f"`{mutant.path.read_text(encoding='utf-8').splitlines()[mutant.line - 1].strip()}`"
        for mutant, how in sorted(outcomes)
        if how == "survived"
    ]
    return "\n".join(lines) + "\n"


def row(name: str, counts: Counter[str]) -> str:
    """A line of the table."""
    from statsmodels.stats.proportion import proportion_confint

    n, lived = counts.total(), counts["survived"]
    low, high = (100 * bound for bound in proportion_confint(n - lived, n, method="wilson"))
    return (
        f"| {name} | {n} | {counts['noticed']} | {counts['never ended']} | {lived} | "
        f"{100 * (n - lived) / n:.1f} ({low:.1f} to {high:.1f}) |"
    )


if __name__ == "__main__":
    main()
