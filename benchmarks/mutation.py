"""Whether the tests notice when a line of `kernels` or `choice` is changed.

Cosmic Ray's operators name every mutant of the two packages; a seeded sample of them is drawn, and
each is run against the tests that execute its line (by a coverage run with contexts), quickest
first, until one fails. A mutant lives in memory only, in a fork of a process that has imported the
libraries already: no file is changed.

    pytest -n auto --cov=pluralism --cov-branch --cov-context=test --junit-xml=.coverage-times.xml
    python benchmarks/mutation.py --sample 600 --write

Tests that start processes of their own (the command line) see the unchanged code, and the slowest
tests of a line are left out, so what is printed is the least that the suite notices.
"""

from __future__ import annotations

import argparse
import ast
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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
PACKAGES = ("kernels", "choice")
#: Conventional operators: each changes one sign, bound, truth or number, and always compiles.
OPERATORS = [
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
#: Assertions are not rewritten: pytest would load a module with doctests from its file.
PLAIN = "--assert=plain"
#: Seconds of tests, by the report of the coverage run, that a mutant is given at most.
BUDGET = 40.0
#: Seconds that they may take on a busy machine; a mutant that never ends has been noticed.
LIMIT = 240


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


def every_mutant() -> list[Mutant]:
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
            for name in OPERATORS:
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
    """The tests that execute a line, quickest first."""

    def __init__(self, database: Path, times: Path) -> None:
        from coverage.numbits import numbits_to_nums

        self.seconds = seconds_by_test(times)
        self.of_line: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        connection = sqlite3.connect(database)
        arcs = connection.execute(
            "SELECT file.path, context.context, arc.fromno, arc.tono FROM arc "
            "JOIN file ON arc.file_id = file.id JOIN context ON arc.context_id = context.id"
        )
        for path, context, start, end in arcs:
            for line in (start, end):
                if line > 0 and context:
                    self.of_line[path][line].add(context.partition("|")[0])
        lines = connection.execute(
            "SELECT file.path, context.context, numbits FROM line_bits "
            "JOIN file ON line_bits.file_id = file.id "
            "JOIN context ON line_bits.context_id = context.id"
        )
        for path, context, bits in lines:
            for line in numbits_to_nums(bits) if context else ():
                self.of_line[path][line].add(context.partition("|")[0])

    def of(self, mutant: Mutant) -> list[str]:
        """Return those that execute the line, or, of a line run at import, all of its module.

        No more than the budget allows, so that a mutant out of time is one that never ends.
        """
        by_line = self.of_line.get(str(mutant.path), {})
        found = by_line.get(mutant.line) or set().union(*by_line.values())
        # A block of a page needs the blocks before it: the page is run.
        whole = {test.partition("::")[0] if ".md::" in test else test for test in found}
        quickest = sorted(whole, key=lambda test: (self.cost(test), test))
        spent = itertools.accumulate(map(self.cost, quickest))
        return [test for test, so_far in zip(quickest, spent, strict=True) if so_far <= BUDGET]

    def cost(self, test: str) -> float:
        """Return the seconds that a test took, or all blocks of a page."""
        path, _, name = test.partition("::")
        if not name:
            start = f"{path.replace('/', '.')}::"
            return sum(took for block, took in self.seconds.items() if block.startswith(start))
        key = f"{path.removesuffix('.py').replace('/', '.')}::{name.rpartition('::')[2]}"
        return self.seconds.get(key, 1.0)


# -- running -----------------------------------------------------------------------------------


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
        "jax", "matplotlib", "numpy", "pandas", "polars", "pyarrow", "pytest",
        "scipy.optimize", "scipy.stats", "statsmodels.api", "xarray",
    ):  # fmt: skip
        importlib.import_module(name)


def run(mutant: Mutant, source: str, tests: list[str]) -> str:
    """Run the tests on a mutant in a fork: noticed, never ended, or survived."""
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.setsid()
        sys.meta_path.insert(0, InMemory(mutant.module, mutant.path, source))
        os.chdir(ROOT)
        sys.path.insert(0, str(ROOT))
        import pytest

        code = 3
        try:
            code = pytest.main(
                ["-x", "-q", "-n0", "-p", "no:cacheprovider", "-p", "no:cov", PLAIN, *tests]
            )
        finally:
            os._exit(int(code))
    return wait(child)


def wait(child: int) -> str:
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "survived" if os.waitstatus_to_exitcode(status) == 0 else "noticed"
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "never ended"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="regular expression on the module's name")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--coverage", type=Path, default=ROOT / ".coverage")
    parser.add_argument("--times", type=Path, default=ROOT / ".coverage-times.xml")
    parser.add_argument("--write", action="store_true", help="store the result")
    options = parser.parse_args()
    mutants = [mutant for mutant in every_mutant() if re.search(options.only, mutant.module)]
    tests = Tests(options.coverage, options.times)
    drawn = random.Random(options.seed).sample(mutants, min(options.sample, len(mutants)))
    preload()
    for module in sorted({mutant.path for mutant in drawn})[:: max(1, len(drawn) // 10)]:
        control = next(mutant for mutant in drawn if mutant.path == module)
        how = run(control, module.read_text(encoding="utf-8"), tests.of(control))
        if how != "survived":
            raise SystemExit(f"the tests fail on {control.module} as it is: {how}")

    def judged(mutant: Mutant) -> tuple[Mutant, str]:
        source, chosen = mutated(mutant), tests.of(mutant)
        if source is None:
            return mutant, "no change"
        how = run(mutant, source, chosen) if chosen else "survived"
        print(f"{how:12} {mutant.module}:{mutant.line} {mutant.operator}", flush=True)
        return mutant, how

    outcomes: list[tuple[Mutant, str]] = []
    with ThreadPoolExecutor(options.jobs) as pool:
        waiting = [pool.submit(judged, mutant) for mutant in drawn]
        try:
            outcomes += (done.result() for done in waiting)
        except KeyboardInterrupt:  # the first ones are a sample too
            pool.shutdown(cancel_futures=True)
    outcomes = [pair for pair in outcomes if pair[1] != "no change"]
    text = report(outcomes, len(mutants), options)
    print(text)
    if options.write:
        (ROOT / "benchmarks" / "results" / "mutation.md").write_text(text, encoding="utf-8")


def report(outcomes: list[tuple[Mutant, str]], total: int, options: argparse.Namespace) -> str:
    """The result, as Markdown."""
    from statsmodels.stats.proportion import proportion_confint

    lines = [
        "# Mutants that the tests notice",
        "",
        f"`python benchmarks/mutation.py --sample {options.sample} --seed {options.seed}`: "
        f"{len(outcomes):,} drawn of {total:,} mutants by Cosmic Ray's operators.",
        "",
        "| package | drawn | noticed | never ended | survived | noticed, % (95% Wilson interval) |",
        "| --- " * 6 + "|",
    ]
    for package in (*PACKAGES, "both"):
        counts = Counter(
            how for mutant, how in outcomes if package in (mutant.path.parent.name, "both")
        )
        n = counts.total()
        if not n:
            continue
        noticed = n - counts["survived"]
        share = 100 * noticed / n
        low, high = (100 * x for x in proportion_confint(noticed, n, method="wilson"))
        lines.append(
            f"| {package} | {n} | {counts['noticed']} | {counts['never ended']} | "
            f"{counts['survived']} | {share:.1f} ({low:.1f} to {high:.1f}) |"
        )
    lines += ["", "Survivors:", ""]
    lines += [
        f"* `{mutant.module}` line {mutant.line}, {mutant.operator.removeprefix('core/')}: "
        f"`{mutant.path.read_text(encoding='utf-8').splitlines()[mutant.line - 1].strip()}`"
        for mutant, how in sorted(outcomes)
        if how == "survived"
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
