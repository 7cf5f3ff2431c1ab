"""What is installed, on what machine, and how to get what is missing."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from pathlib import Path

from ._answers import Answer, Part

__all__ = ["examine"]

#: Optional packages that bring a feature, as `pluralism[extra]` names them.
_FEATURES = {
    "cli": "the command line",
    "plots": "figures",
    "report": "the page",
    "bayes": "posteriors",
    "netcdf": "NetCDF files",
}


def examine() -> Answer:
    """Versions, devices and extras."""
    from .. import __version__

    needs = _requirements()
    rows = [("pluralism", __version__, ""), ("Python", platform.python_version(), "")]
    rows += [(name, _version(name) or "missing", "") for name in needs.pop("", [])]
    extras = []
    for extra, feature in _FEATURES.items():
        names = needs.get(extra, [])
        missing = [name for name in names if _version(name) is None]
        have = "yes" if not missing else "no"
        remedy = "" if not missing else f'pip install "pluralism[{extra}]"'
        found = ", ".join(f"{name} {_version(name) or '-'}" for name in names)
        extras.append((extra, have, feature, found, remedy))
    return Answer(
        {"platform": platform.platform(), "cpus": os.cpu_count(), "cache": _cache()},
        [
            Part("versions", "Versions", ["package", "version"], [row[:2] for row in rows]),
            Part(
                "extras", "Optional extras", ["extra", "there", "brings", "packages", "remedy"],
                extras,
            ),
            Part("devices", "Devices of JAX", ["device", "kind"], _devices()),
            Part(
                "place", "", [], [],
                f"{platform.platform()}, {os.cpu_count()} CPUs; compiled kernels are kept in "
                f"{_cache() or 'no folder (switched off)'}",
            ),
        ],
    )  # fmt: skip


def _requirements() -> dict[str, list[str]]:
    """Extra -> the packages that it asks for; the core under the empty name."""
    needs: dict[str, list[str]] = {}
    try:
        lines = metadata.requires("pluralism") or []
    except metadata.PackageNotFoundError:
        lines = []
    for line in lines:
        name = re.match(r"[\w.-]+", line)
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", line)
        if name is not None and name.group() != "pluralism":
            needs.setdefault(extra.group(1) if extra else "", []).append(name.group())
    return needs


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _devices() -> list[tuple[str, str]]:
    try:
        import jax

        return [(str(device), device.device_kind) for device in jax.devices()]
    except Exception as error:  # a broken driver is what one asks a doctor about
        return [("none", f"{type(error).__name__}: {str(error).splitlines()[0]}")]


def _cache() -> str:
    return str(Path(os.environ.get("JAX_COMPILATION_CACHE_DIR") or ""))
