"""Write down the public interface: every public name, its parameters, fields and methods.

``python docs/public_api.py`` renews ``tests/contract/public_api.txt``. A contract test compares the
stored text with what is there, so that no change of the interface goes unnoticed.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
STORED = ROOT / "tests" / "contract" / "public_api.txt"


def described(exported: Mapping[str, Iterable[str]]) -> str:
    """Everything public, a block each: the `exported` names of each namespace in order."""
    import pluralism

    lines = ["pluralism", *(f"    {name}" for name in sorted(pluralism._EXPORTS))]
    for namespace, names in exported.items():
        module = getattr(pluralism, namespace)
        for name in sorted(names):
            lines += ["", *_public(f"{namespace}.{name}", getattr(module, name))]
    return "\n".join(lines) + "\n"


def _public(name: str, thing: Any) -> Iterator[str]:
    if not inspect.isclass(thing):
        yield from _callable(name, thing)
        return
    bases = [base.__name__ for base in thing.__bases__ if base is not object]
    yield f"class {name}" + (f"({', '.join(bases)})" if bases else "") + _manners(thing)
    for field, kind in _fields(thing):
        yield f"    .{field}: {kind}"
    members = {key: _member(thing, key) for key in dir(thing) if not key.startswith("_")}
    for key, member in sorted(members.items()):
        if isinstance(member, (property, functools.cached_property)):
            getter = member.fget if isinstance(member, property) else member.func
            yield f"    .{key} -> {getter.__annotations__.get('return', '?')}"
        elif isinstance(member, (classmethod, staticmethod)):
            yield from _callable(f"    .{key}", member.__func__)
        elif inspect.isfunction(member):
            yield from _callable(f"    .{key}", member)


def _manners(thing: type) -> str:
    """How instances of a dataclass are changed, compared and printed."""
    if not dataclasses.is_dataclass(thing):
        return ""
    chosen = thing.__dataclass_params__  # type: ignore[attr-defined]
    return ": " + ", ".join(
        (
            "frozen" if chosen.frozen else "mutable",
            "equal by value" if chosen.eq else "equal if the same object",
            "printed by field" if chosen.repr else "printed in its own way",
        )
    )


def _fields(thing: type) -> list[tuple[str, str]]:
    """What an instance holds: those of a dataclass, or of a named tuple."""
    if dataclasses.is_dataclass(thing):
        found = [(field.name, str(field.type)) for field in dataclasses.fields(thing)]
    else:
        kinds = inspect.get_annotations(thing)
        found = [(key, _kind(kinds.get(key, "?"))) for key in getattr(thing, "_fields", ())]
    return [(key, kind) for key, kind in found if not key.startswith("_")]


def _member(thing: type, key: str) -> Any:
    """A member of a class of ours; what a built-in class brings is not ours to promise."""
    for owner in thing.__mro__:
        if key in vars(owner):
            return vars(owner)[key] if owner.__module__.startswith("pluralism") else None
    return None


def _callable(name: str, thing: Any) -> Iterator[str]:
    """A line each: the name with what is returned, and every parameter."""
    signature = inspect.signature(thing)
    result = signature.return_annotation
    yield f"{name}()" + ("" if result is signature.empty else f" -> {_kind(result)}")
    indent = " " * (len(name) - len(name.lstrip()) + 4)
    keyword_only = False
    for parameter in signature.parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            yield f"{indent}*"
        yield indent + re.sub(r" at 0x[0-9a-f]+", "", _parameter(parameter))


def _parameter(parameter: inspect.Parameter) -> str:
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    text = f"{stars}{parameter.name}"
    if parameter.annotation is not parameter.empty:
        text += f": {_kind(parameter.annotation)}"
    return text if parameter.default is parameter.empty else f"{text} = {parameter.default!r}"


def _kind(annotation: Any) -> str:
    """An annotation as it is written in the source."""
    text = getattr(annotation, "__forward_arg__", annotation)
    return text if isinstance(text, str) else inspect.formatannotation(text)


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "docs")]
    from names import exported

    STORED.write_text(described(exported()), encoding="utf-8")
