"""Lazy exports (PEP 562): a package names what it offers and imports it at first use.

``import pluralism`` must stay far cheaper than ``import numpy``, and someone who asks for an
entropy must not pay for JAX. Every package of ours therefore holds a table ``{public name:
module that defines it}`` and hands it to `attach`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any


def attach(
    package: str, exports: Mapping[str, str], submodules: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Build ``__getattr__``, ``__dir__`` and ``__all__`` for a package.

    Parameters
    ----------
    package : str
        The package's ``__name__``.
    exports : mapping of str to str
        Public name -> module, relative to the package, that defines it.
    submodules : iterable of str
        Public modules reachable as attributes.

    Returns
    -------
    tuple
        ``(__getattr__, __dir__, __all__)``.
    """
    modules = frozenset(submodules)
    names = sorted({*exports, *modules})

    def __getattr__(name: str) -> Any:
        import sys
        from importlib import import_module

        if name in modules:
            return import_module(f"{package}.{name}")
        if name in exports:
            value = getattr(import_module(f"{package}.{exports[name]}"), name)
            # Kept, so that the second access is a plain attribute look-up.
            setattr(sys.modules[package], name, value)
            return value
        from difflib import get_close_matches

        close = get_close_matches(name, names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise AttributeError(f"module {package!r} has no attribute {name!r}{hint}")

    def __dir__() -> list[str]:
        return names

    return __getattr__, __dir__, names


def needed(module: str, *, extra: str, purpose: str) -> Any:
    """Import an optional package, or say which extra brings it.

    Parameters
    ----------
    module : str
        The package to import.
    extra : str
        The extra of ours that installs it.
    purpose : str
        What it is needed for, as the beginning of a sentence.
    """
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        raise ImportError(
            f"{purpose} needs {name}, which is not installed; pip install 'pluralism[{extra}]'",
            name=name,
        ) from error
