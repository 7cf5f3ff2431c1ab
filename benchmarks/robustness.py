"""What becomes of bad input, here and in other libraries, side by side.

Ours: the table of ``tests/bad_input``, every case of which CI holds to the right answer or an
error that names the argument, the value or its place, and the remedy. Peers: the same kinds of
input in each library's own form. An exception counts as clear if its message speaks of the cause
(the words are written beside the case), else as an obscure crash; an answer is right only where
the case says which answer is.

    python benchmarks/robustness.py --write

Peers that are not installed are left out and named; with ``--peer-python PATH`` the cases of
the others run in that interpreter.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

HERE = Path(__file__).parent
KINDS = ("silently wrong", "obscure crash", "clear error", "right")
NAN = float("nan")


class PeerCase(NamedTuple):
    """One bad input in a peer's form; `clear` is a pattern, `right` a test of the answer."""

    peer: str
    row: str
    run: Callable[[Any], Any]
    clear: str
    right: Callable[[Any], bool] | None = None


def _evalica(module: Any, method: str, pairs: list[tuple[str, str]]) -> Any:
    left, right = [i for i, _ in pairs], [j for _, j in pairs]
    return getattr(module, method)(left, right, [module.Winner.X] * len(pairs)).scores


BEATEN = [(0, 1), (0, 2), (1, 2), (2, 1)]
APART = [(0, 1), (1, 0), (2, 3), (3, 2)]


def _names(pairs: list[tuple[int, int]]) -> list[tuple[str, str]]:
    return [("abcd"[i], "abcd"[j]) for i, j in pairs]


def _alpha(module: Any, data: Any, **keywords: Any) -> Any:
    return module.alpha(reliability_data=data, **{"level_of_measurement": "nominal", **keywords})


def _profile(module: Any, rankings: Any, counts: Any) -> Any:
    return import_module("pref_voting.profiles").Profile(rankings, rcounts=counts)


CASES = [
    *(
        PeerCase("choix", row, lambda m, f=fit, x=pairs, n=n: getattr(m, f)(n, x), clear)
        for fit in ("opt_pairwise", "mm_pairwise", "ilsr_pairwise")
        for row, n, pairs, clear in (
            ("an item that always wins", 3, BEATEN, "wins|lost|never|regulari|alpha"),
            ("a disconnected graph", 4, APART, "connect|component"),
            ("an item never compared", 3, [(0, 1), (1, 0)], "compar|connect"),
            ("self-comparison", 2, [(0, 0), (0, 1), (1, 0)], "itself|self|same"),
            ("negative index", 2, [(0, -1), (1, 0)], "-1|negative"),
            ("index out of range", 2, [(0, 1), (1, 5)], "5|out of (range|bounds)"),
            ("0 rows", 2, [], "empty|no |least"),
        )
    ),
    *(
        PeerCase("evalica", row, lambda m, f=fit, x=pairs: _evalica(m, f, x), clear)
        for fit in ("bradley_terry", "newman")
        for row, pairs, clear in (
            ("an item that always wins", _names(BEATEN), "wins|lost|never"),
            ("a disconnected graph", _names(APART), "connect|component"),
            ("self-comparison", [("a", "a"), ("a", "b"), ("b", "a")], "itself|self|same"),
            ("mixed 1 and '1'", [(1, "b"), ("1", "b"), ("b", 1)], "1"),
            ("NaN label", [(NAN, "b"), ("a", "b"), ("b", "a")], "nan|missing"),
            ("0 rows", [], "empty|no |least"),
        )
    ),
    PeerCase(
        "evalica",
        "negative weights",
        lambda m: (
            m.bradley_terry(["a", "b"], ["b", "a"], [m.Winner.X] * 2, weights=[1.0, -3.0]).scores
        ),
        "negative|-3",
    ),
    *(
        PeerCase("krippendorff", row, lambda m, x=data, k=keywords: _alpha(m, x, **k), clear, right)
        for row, data, keywords, clear, right in (
            ("one rater", [[1, 2, 3]], {}, "rater|coder|one", None),
            (
                "no item that two raters share",
                [[1, 2, NAN, NAN], [NAN, NAN, 1, 2]],
                {},
                "unit|pair|overlap|share",
                None,
            ),
            ("all values equal", [[1, 1, 1], [1, 1, 1]], {}, "one value", lambda x: x == 1.0),
            (
                "int8 labels",
                np.tile(np.array([[1, 100, 127], [1, 100, 126]], np.int8), 200),
                {"level_of_measurement": "interval"},
                "-",
                lambda x: 0.99 < x < 1,
            ),
            (
                "infinite label",
                [[1.0, np.inf, 1.0], [1.0, 2.0, 1.0]],
                {"level_of_measurement": "interval"},
                "inf|finite",
                None,
            ),
        )
    ),
    PeerCase(
        "krippendorff",
        "negative counts",
        lambda m: m.alpha(value_counts=np.array([[3, -1], [1, 2]]), level_of_measurement="nominal"),
        "negative|-1",
    ),
    PeerCase(
        "krippendorff",
        "int8 counts",
        lambda m: m.alpha(
            value_counts=np.array([[100, 1], [1, 100]], np.int8), level_of_measurement="nominal"
        ),
        "-",
        lambda x: 0.9 < x < 1,
    ),
    *(
        PeerCase(
            "scipy",
            row,
            lambda m, p=p, q=q: import_module("scipy.spatial.distance").jensenshannon(p, q),
            clear,
            right,
        )
        for row, p, q, clear, right in (
            ("negative probability", [0.5, 0.7, -0.2], [0.2, 0.3, 0.5], "negative|-0.2", None),
            # documented: scipy normalises, and lets NaN through
            (
                "probabilities that do not sum to one",
                [0.5, 0.2, 0.2],
                [0.2, 0.3, 0.5],
                "-",
                np.isfinite,
            ),
            ("all zero", [0.0, 0.0, 0.0], [0.2, 0.3, 0.5], "zero|sum", None),
            ("empty", [], [], "empty", None),
            ("NaN", [0.5, NAN, 0.5], [0.2, 0.3, 0.5], "-", np.isnan),
            ("infinity", [0.5, np.inf, 0.5], [0.2, 0.3, 0.5], "inf|finite", None),
            ("lengths that differ", [0.5, 0.5], [0.2, 0.3, 0.5], "shape|length|broadcast", None),
            ("length one against three", [1.0], [0.2, 0.3, 0.5], "shape|length", None),
            (
                "a distribution against itself",
                [0.1, 0.2, 0.7],
                [0.1, 0.2, 0.7],
                "-",
                lambda x: x == 0,
            ),
            (
                "the same, with rounding",
                [0.1 + 0.2, 0.3, 0.4],
                [0.3, 0.3, 0.4],
                "-",
                lambda x: x < 1e-7,
            ),
        )
    ),
    *(
        PeerCase(
            "scipy",
            row,
            lambda m, p=p, q=q: import_module("scipy.stats").spearmanr(p, q).statistic,
            clear,
            right,
        )
        for row, p, q, clear, right in (
            ("constant input to a rank correlation", [1, 1, 1], [1, 2, 3], "constant", None),
            (
                "text to a rank correlation",
                ["a", "b", "c"],
                ["b", "a", "c"],
                "number|string|numeric",
                None,
            ),
            ("NaN to a rank correlation", [1, NAN, 3], [1, 2, 3], "-", np.isnan),
        )
    ),
    PeerCase(
        "statsmodels",
        "unequal numbers of raters",
        lambda m: import_module("statsmodels.stats.inter_rater").fleiss_kappa(
            [[3, 1], [2, 1], [0, 4]]
        ),
        "rater|equal|number",
        lambda x: -1 <= x <= 1,
    ),
    PeerCase(
        "statsmodels",
        "negative counts",
        lambda m: import_module("statsmodels.stats.inter_rater").fleiss_kappa(
            [[3, -1], [2, 0], [0, 2]]
        ),
        "negative|-1",
    ),
    PeerCase(
        "statsmodels",
        "all values equal",
        lambda m: import_module("statsmodels.stats.inter_rater").fleiss_kappa([[3, 0], [3, 0]]),
        "-",
        lambda x: x == 1.0,
    ),
    *(
        PeerCase(
            "pref_voting",
            row,
            lambda m, r=rankings, c=counts, f=finish: f(_profile(m, r, c)),
            clear,
            right,
        )
        for row, rankings, counts, finish, clear, right in (
            (
                "duplicate alternative in a ballot",
                [[0, 1], [0, 0]],
                [1, 1],
                lambda p: p.margin_matrix,
                "twice|duplicate|repeat",
                None,
            ),
            (
                "unknown alternative",
                [[0, 1], [0, 5]],
                [1, 1],
                lambda p: p.margin_matrix,
                "5|unknown|candidate",
                None,
            ),
            (
                "empty ballot",
                [[0, 1], []],
                [1, 1],
                lambda p: p.margin_matrix,
                "empty|candidate",
                None,
            ),
            (
                "negative counts",
                [[0, 1], [1, 0]],
                [-1, 3],
                lambda p: p.margin_matrix,
                "negative|-1",
                None,
            ),
            (
                "lengths that differ",
                [[0, 1], [1, 0]],
                [1],
                lambda p: p.margin_matrix,
                "count|length",
                None,
            ),
            (
                "counts of 6e18",
                [[0, 1], [1, 0]],
                [6 * 10**18, 6 * 10**18],
                lambda p: int(p.num_voters),
                "large|overflow|exact",
                lambda x: x == 12 * 10**18,
            ),
        )
    ),
]


def judge(case: PeerCase, module: Any) -> tuple[str, str]:
    """How one case ends, and what was said or answered; NaN for an answer is a wrong one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            answer = case.run(module)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            clear = re.search(case.clear, str(error), re.IGNORECASE) and not case.right
            return KINDS[2] if clear else KINDS[1], said
    if case.right is not None and case.right(answer):
        return KINDS[3], str(answer)
    return KINDS[0], str(answer)


def run_peers() -> list[tuple[str, str, str, str]]:
    """Judge every case whose library can be imported here."""
    found = []
    for case in CASES:
        try:
            module = import_module(case.peer)
        except ImportError:
            continue
        how, what = judge(case, module)
        found.append((case.peer, case.row, how, " ".join(what.split())[:80]))
    return found


def run_ours() -> Counter[str]:
    """Judge our table."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    import bad_input

    return Counter(bad_input.outcome(case)[0] for case in bad_input.CASES)


def versions(peers: set[str]) -> str:
    return ", ".join(f"{name} {metadata.version(name)}" for name in sorted(peers))


def table(ours: Counter[str], peers: list[tuple[str, str, str, str]], said: str) -> str:
    """The result, as Markdown."""
    by_peer: dict[str, Counter[str]] = {}
    for peer, _, how, _ in peers:
        by_peer.setdefault(peer, Counter())[how] += 1
    lines = [
        "# Bad input, here and elsewhere",
        "",
        f"`python benchmarks/robustness.py --write`, Python {platform.python_version()}; {said}.",
        "Each library is put the cases that it can be put; the kinds are those of",
        "`tests/bad_input`.",
        "",
        "| library | cases | " + " | ".join(KINDS) + " |",
        "| --- " * (len(KINDS) + 2) + "|",
    ]
    for name, counts in [("pluralism", ours), *sorted(by_peer.items())]:
        numbers = " | ".join(str(counts[kind]) for kind in KINDS)
        lines.append(f"| {name} | {sum(counts.values())} | {numbers} |")
    lines += [
        "",
        "| library | input | outcome | it said or returned |",
        "| --- | --- | --- | --- |",
    ]
    for peer, row, how, what in sorted(set(peers)):
        shown = what.replace("|", "/").replace("`", "'")
        lines.append(f"| {peer} | {row} | {how} | `{shown}` |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="store the result")
    parser.add_argument("--peer-python", help="interpreter with further peers")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    peers = run_peers()
    names = {peer for peer, *_ in peers}
    if options.json:
        print(json.dumps([peers, versions(names)]))
        return
    said = versions(names)
    if options.peer_python:
        done = subprocess.run(
            [options.peer_python, __file__, "--json"], capture_output=True, text=True, check=True
        )
        more, their = json.loads(done.stdout)
        peers += [tuple(row) for row in more if row[0] not in names]
        said += f"; in an environment of their own: {their}"
    missing = sorted({case.peer for case in CASES} - {peer for peer, *_ in peers})
    if missing:
        said += f"; not installed: {', '.join(missing)}"
    text = table(run_ours(), peers, said)
    print(text)
    if options.write:
        (HERE / "results" / "robustness.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
