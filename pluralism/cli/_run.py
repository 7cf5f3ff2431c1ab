"""Run a command and turn whatever goes wrong into one sentence and an exit status."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import NoReturn

__all__ = ["run"]

INPUT, BUG, INTERRUPTED = 1, 70, 130
_LEFT = "interrupted; no file is half written"


def run() -> None:
    """Run the command that ``sys.argv`` names."""
    try:
        from ._app import app
    except ImportError as error:
        _stop(_not_installed(error), INPUT)
    _use_cache()
    from .._quiet import told_by
    from ..errors import PluralismError

    try:
        # However it was started, this is its name.
        with told_by(_as_note):
            status = app(prog_name="pluralism", standalone_mode=False)
    except PluralismError as error:
        _stop(_in_options(str(error)), INPUT)
    except ImportError as error:
        # Our own messages name the remedy already.
        _stop(str(error) if "pip install" in str(error) else _not_installed(error), INPUT)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _stop(f"{place}{error.strerror or error}", INPUT)
    except KeyboardInterrupt:
        _stop(_LEFT, INTERRUPTED)
    except Exception as error:
        if type(error).__name__ == "Abort":  # what Typer makes of Ctrl-C, or of Ctrl-D
            _stop(_LEFT, INTERRUPTED)
        if hasattr(error, "show") and hasattr(error, "exit_code"):  # a wrong option, or bare help
            vars(error)["message"] = getattr(error, "message", "").replace("Value error, ", "")
            error.show()
            raise SystemExit(error.exit_code) from None
        if os.environ.get("PLURALISM_DEBUG"):
            raise
        first_line = str(error).strip().split("\n")[0]
        _stop(
            f"this is a fault of pluralism, not of your input ({type(error).__name__}: "
            f"{first_line}); set PLURALISM_DEBUG=1 to see where",
            BUG,
        )
    if status == INTERRUPTED:
        _stop(_LEFT, INTERRUPTED)
    raise SystemExit(status if isinstance(status, int) else 0)


#: Package -> the extra that brings it.
_EXTRAS = {
    **dict.fromkeys(("typer", "rich", "matplotlib", "jinja2"), "report"),
    **dict.fromkeys(("h5netcdf", "h5py", "netCDF4"), "netcdf"),
}


def _as_note(message: str) -> None:
    """Say a warning as a sentence; where in our source it arose helps nobody here."""
    print(f"note: {_in_options(message)}", file=sys.stderr)


def _not_installed(error: ImportError) -> str:
    missing = (error.name or str(error)).partition(".")[0]
    remedy = f'"pluralism[{_EXTRAS[missing]}]"' if missing in _EXTRAS else missing
    return f"{missing} is not installed; pip install {remedy}"


def _stop(message: str, status: int) -> NoReturn:
    print(f"pluralism: {message}", file=sys.stderr)
    raise SystemExit(status)


#: Arguments of the library that are options of the command line.
_OPTIONS = (
    "first|second|outcome|winner|outcomes|rater|group|weight|missing|ties|prior|reference|level|"
    "item|label|scale|voter|alternative|rank|utility|approved|unranked"
)


def _in_options(message: str) -> str:
    """Write arguments as they are given at the command line: ``prior=1`` as ``--prior 1``."""
    message = re.sub(r"outcomes=\{[^}]*\}", '--outcomes "code=first,other=tie"', message)
    message = re.sub(rf"`?\b({_OPTIONS})=[\"']?([\w.]*)[\"']?`?", r"--\1 \2", message)
    message = re.sub(rf"`({_OPTIONS})\b([^`]*)`", r"--\1\2", message)
    message = message.replace("`memory_limit`", "--memory-limit")
    # What is left is to be had from Python only.
    message = re.sub(r"`(\w+=[^`]*)`", r"\1 in Python", message)
    return message.replace("`frame`", "the file").replace("`comparisons`", "the votes")


def _use_cache() -> None:
    """Keep JAX's compiled kernels between commands; the variables are read at JAX's import.

    ``PLURALISM_CACHE`` names the folder; an empty value switches the cache off. What the user has
    set for JAX itself stays.
    """
    folder = os.environ.get("PLURALISM_CACHE")
    if folder is None:
        home = (
            Path.home() / "Library/Caches" if sys.platform == "darwin" else Path.home() / ".cache"
        )
        folder = str(Path(os.environ.get("XDG_CACHE_HOME") or home) / "pluralism" / "jax")
    if folder:
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", folder)
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.05")
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
