"""Hold the public names in step: export tables, reference pages and the architecture's table.

A public name stands in three places: the export table of its namespace, the namespace's page in
``docs/reference`` and the table in ``docs/architecture.md``. ``python docs/names.py`` enters what
is missing in the last two and takes out what is gone; a contract test compares all three.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
#: The command line is documented by its own help.
NOT_NAMESPACES = {"cli"}

Names = dict[str, set[str]]

_SUMMARY = re.compile(
    r"(\.\. autosummary::\n(?: +:[^\n]*\n)*\n?)((?:[ ]+[A-Za-z_][\w.]*[ ]*\n|\n)*)"
)
_MODULE = re.compile(r"\.\. currentmodule:: pluralism\.(\w+)")
_TABLE = re.compile(r"(<!-- names -->\n)(.*?)(<!-- /names -->)", re.DOTALL)
_ROW = re.compile(r"^\| `(\w+)` \| (.*) \|$", re.MULTILINE)


def namespaces() -> list[str]:
    """Public modules and packages, read off the folder."""
    found = {
        path.stem
        for path in (ROOT / "pluralism").iterdir()
        if not path.name.startswith(("_", "."))
        and (path.suffix == ".py" or (path / "__init__.py").is_file())
    }
    return sorted(found - NOT_NAMESPACES)


def exported() -> Names:
    """Public names by namespace, from ``_EXPORTS`` or, in a plain module, ``__all__``."""
    names = {}
    for namespace in namespaces():
        module = import_module(f"pluralism.{namespace}")
        names[namespace] = set(getattr(module, "_EXPORTS", module.__all__))
    return names


def referenced() -> Names:
    """Public names by namespace, from the autosummary lists of the reference pages."""
    names: Names = {namespace: set() for namespace in namespaces()}
    for page in REFERENCE.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        module = _MODULE.search(text)
        if module:
            for block in _SUMMARY.finditer(text):
                names.setdefault(module[1], set()).update(block[2].split())
    return names


def tabled() -> Names:
    """Public names by namespace, from the table in the architecture page."""
    table = _TABLE.search(ARCHITECTURE.read_text(encoding="utf-8"))
    rows = _ROW.findall(table[2]) if table else []
    return {namespace: set(re.findall(r"`(\w+)`", cell)) for namespace, cell in rows}


def write() -> None:
    """Bring the reference pages and the architecture's table up to the export tables."""
    known = exported()
    for namespace, names in known.items():
        page = REFERENCE / f"{namespace}.md"
        if not names and not page.exists():
            continue
        if not page.exists():
            page.write_text(_new_page(namespace), encoding="utf-8")
        _update_page(page, names)
    rows = "".join(
        f"| `{namespace}` | {', '.join(f'`{name}`' for name in sorted(names))} |\n"
        for namespace, names in known.items()
        if names
    )
    text = ARCHITECTURE.read_text(encoding="utf-8")
    head = "| namespace | public names |\n| --- | --- |\n"
    ARCHITECTURE.write_text(
        _TABLE.sub(lambda match: match[1] + head + rows + match[3], text), encoding="utf-8"
    )


def _new_page(namespace: str) -> str:
    title = (import_module(f"pluralism.{namespace}").__doc__ or namespace).splitlines()[0]
    return (
        f"# {namespace}\n\n{title}\n\n```{{eval-rst}}\n.. currentmodule:: pluralism.{namespace}\n\n"
        ".. autosummary::\n   :toctree: generated/\n\n```\n"
    )


def _update_page(page: Path, names: set[str]) -> None:
    text = page.read_text(encoding="utf-8")
    blocks = list(_SUMMARY.finditer(text))
    listed = [block[2].split() for block in blocks]
    missing = names - {name for block in listed for name in block}
    for place in reversed(range(len(blocks))):
        kept = [name for name in listed[place] if name in names]
        if place == len(blocks) - 1:
            kept += sorted(missing)
        if kept == listed[place]:
            continue
        lines = "".join(f"   {name}\n" for name in kept)
        head = blocks[place][1].rstrip("\n") + "\n\n"
        text = text[: blocks[place].start()] + head + lines + text[blocks[place].end() :]
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    import sys

    sys.path.insert(0, str(ROOT))
    write()
