"""Published tables, typed in with their source, for examples and first steps."""

from __future__ import annotations

from .. import _validate
from ._comparisons import Comparisons

__all__ = ["load_table"]

_CELEBRITIES = (
    "Lyndon Johnson",
    "Harold Wilson",
    "Charles de Gaulle",
    "Johnny Unitas",
    "Carl Yastrzemski",
    "A. J. Foyt",
    "Brigitte Bardot",
    "Elizabeth Taylor",
    "Sophia Loren",
)

#: Row chosen over column, 234 judges a pair.
_CELEBRITIES_WINS = (
    (0, 159, 163, 175, 183, 179, 173, 160, 142),
    (75, 0, 138, 164, 172, 160, 156, 122, 122),
    (71, 96, 0, 145, 157, 138, 140, 122, 120),
    (59, 70, 89, 0, 176, 115, 124, 86, 61),
    (51, 62, 77, 58, 0, 77, 95, 72, 61),
    (55, 74, 96, 119, 157, 0, 134, 92, 71),
    (61, 78, 94, 110, 139, 100, 0, 67, 48),
    (74, 112, 112, 148, 162, 142, 167, 0, 87),
    (92, 112, 114, 173, 173, 163, 186, 147, 0),
)


def load_table(name: str) -> Comparisons:
    """Load a published count matrix that comes with the library.

    Parameters
    ----------
    name : {"celebrities"}
        ``"celebrities"``: 234 judges said with which of two celebrities they would rather spend
        an hour of conversation, for all 36 pairs of three politicians, three athletes and three
        actresses [1]_.

    Returns
    -------
    Comparisons

    Raises
    ------
    DataError
        There is no such table.

    References
    ----------
    .. [1] Rumelhart, D. L. and Greeno, J. G. (1971). Similarity between stimuli: an
       experimental test of the Luce and Restle choice models. Journal of Mathematical
       Psychology 8, 370-381.

    Examples
    --------
    >>> load_table("celebrities")
    Comparisons(9 items; 8,424 votes in 36 cells; no shown order)
    """
    _validate.one_of("name", name, ("celebrities",))
    return Comparisons.from_matrix(_CELEBRITIES_WINS, items=_CELEBRITIES)
