"""Files that appear whole or not at all: written aside, synced, renamed."""

from __future__ import annotations

import contextlib
import io
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ._lazy import needed
from .errors import DataError, first_line

__all__ = ["netcdf_bytes", "written_aside"]


@contextlib.contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Give the path of a hidden file beside `path`, which takes its place in the end.

    Whoever breaks off, or loses power, leaves the old file or the new one: what was written is on
    the disk before the name points to it. A process that is killed leaves the hidden file behind.

    Parameters
    ----------
    path : pathlib.Path
        The file to write. A link stays a link; what it points to is replaced.

    Raises
    ------
    DataError
        If it cannot be written: the disk is full, the folder is gone or may not be written to.
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
    except Exception as error:
        if not (isinstance(error, OSError) or _is_duckdb(error)):
            raise
        raise DataError(f"{str(path)!r} cannot be written: {_why(error)}") from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink()


def _is_duckdb(error: Exception) -> bool:
    """Whether DuckDB raised it; to name its classes one would have to import it."""
    return type(error).__module__.partition(".")[0] in ("duckdb", "_duckdb")


def _why(error: Exception) -> str:
    """What the system said; DuckDB 2 gives its number within a description of its own."""
    if number := re.search(r'"errno":"(\d+)"', str(error)):
        return os.strerror(int(number[1]))
    return getattr(error, "strerror", None) or first_line(error)


def netcdf_bytes(dataset: Any) -> bytes:
    """Write an xarray Dataset as NetCDF 4 into memory: HDF5 does not survive a full disk."""
    h5netcdf = needed("h5netcdf", extra="netcdf", purpose="NetCDF")
    from xarray.backends import H5NetCDFStore

    buffer = io.BytesIO()
    with h5netcdf.File(buffer, "w") as file:
        dataset.dump_to_store(H5NetCDFStore(file))
    return buffer.getvalue()
