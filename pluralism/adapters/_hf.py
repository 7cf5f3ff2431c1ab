"""Where the scripts for Hugging Face evaluate lie."""

from __future__ import annotations

from pathlib import Path

from ._measures import find

__all__ = ["hf_metric"]


def hf_metric(name: str) -> str:
    """Return the path that `evaluate.load` takes for a measure.

    Parameters
    ----------
    name : str
        A measure of the catalogue, `list_measures`.

    Returns
    -------
    str
        Path of a script inside this package.

    Raises
    ------
    LabelError
        If there is no such measure.

    Examples
    --------
    >>> from pluralism.adapters import hf_metric
    >>> hf_metric("js_distance").endswith("js_distance.py")
    True
    """
    return str(Path(__file__).parent / "hf" / f"{find(name).name}.py")
