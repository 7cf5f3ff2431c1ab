"""Files that appear whole or not at all: written aside, synced, renamed."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

__all__ = ["written_aside"]


@contextlib.contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Give the path of a hidden file beside `path`, which takes its place in the end.

    Whoever breaks off, or loses power, leaves the old file or the new one: what was written is on
    the disk before the name points to it. A process that is killed leaves the hidden file behind.

    Parameters
    ----------
    path : pathlib.Path
        The file to write. A link stays a link; what it points to is replaced.
    """
    target = path.resolve()
    aside = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        yield aside
        with aside.open("rb+") as file:
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            aside.chmod(target.stat().st_mode & 0o7777)
        os.replace(aside, target)
        if os.name == "posix":
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    finally:
        with contextlib.suppress(FileNotFoundError):
            aside.unlink()
