"""Every branch of "How to choose" ends in a call that its page makes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from pluralism import choice, jury, perspective, scores, utility

PAGE = (Path(__file__).parents[2] / "docs" / "how-to-choose.md").read_text(encoding="utf-8")
TREES = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)
CODE = ast.parse("\n".join(re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)))
PUBLIC = {name for room in (choice, jury, perspective, scores, utility) for name in dir(room)}
#: Methods of a fit, and what stands at the root.
OTHERS = {"bootstrap", "contrast", "permutation_test", "quasi_variance", "rank_intervals"}


def named() -> list[str]:
    words = {word for tree in TREES for word in re.findall(r"\b[a-z]+(?:_[a-z0-9]+)*\b", tree)}
    underscored = {word for word in words & PUBLIC if "_" in word}
    single = {"schulze", "kemeny", "minimax", "borda", "irv", "plurality", "stv", "welfare"}
    single |= {"bridging", "rarefaction", "entropy", "polarization", "veto"}
    return sorted(underscored | (words & single) | (words & OTHERS))


def test_there_are_five_trees():
    assert len(TREES) == 5
    assert len(named()) >= 50


@pytest.mark.parametrize("name", named())
def test_a_named_call_is_made_on_the_page(name):
    # a name may be called, or handed to a loop or a bootstrap that calls it
    used = {n.attr for n in ast.walk(CODE) if isinstance(n, ast.Attribute)}
    used |= {n.id for n in ast.walk(CODE) if isinstance(n, ast.Name)}
    assert name in used


@pytest.mark.parametrize(
    "option", sorted({o for tree in TREES for o in re.findall(r'(\w+="[\w-]+")', tree)})
)
def test_a_named_option_is_used_on_the_page(option):
    keyword, value = option.split("=")
    used = {
        (word.arg, word.value.value if isinstance(word.value, ast.Constant) else None)
        for call in ast.walk(CODE)
        if isinstance(call, ast.Call)
        for word in call.keywords
    }
    constants = {n.value for n in ast.walk(CODE) if isinstance(n, ast.Constant)}
    assert (keyword, value.strip('"')) in used or value.strip('"') in constants
