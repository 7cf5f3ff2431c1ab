"""Recognise what a figure is drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import DataError

if TYPE_CHECKING:
    from ..data import Comparisons

__all__ = ["as_comparisons", "as_fit", "is_fit"]


def is_fit(value: Any) -> bool:
    """Whether `value` is a fit: labelled utilities and their tidy summary."""
    return "item" in getattr(getattr(value, "utility", None), "dims", ()) and hasattr(
        value, "summary"
    )


def as_fit(name: str, value: Any) -> Any:
    """Return `value` if it is a fit, else say what was expected."""
    if not is_fit(value):
        raise DataError(
            f"`{name}` is a {type(value).__name__}; it must be a fit with labelled utilities, such "
            "as `pluralism.utility.fit_bradley_terry` returns"
        )
    return value


def as_comparisons(name: str, value: Any) -> Comparisons:
    """Return `value` if it is a `Comparisons`, else say what was expected."""
    from ..data import Comparisons

    if not isinstance(value, Comparisons):
        raise DataError(
            f"`{name}` is a {type(value).__name__}; it must be a `Comparisons`, which "
            "`Comparisons.from_frame`, `from_pairs` or `from_matrix` make"
        )
    return value
