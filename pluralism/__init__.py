"""Statistics of plural values, for people and for models alike.

Whose values does a model or a population express, how surely, how coherently, how many views
are in it, how well is it calibrated to people who disagree, and what would a fair aggregation
decide? Each namespace answers one of these questions: `utility`, `perspective`, `jury`,
`choice` and `scores`; `data` holds the containers that they share.

Nothing heavy is imported here, not even NumPy: every name is loaded at its first use.
"""

from ._lazy import attach

__version__ = "0.1.0"

_EXPORTS = {
    "Annotations": "data",
    "Ballots": "data",
    "Comparisons": "data",
    "ApproximationWarning": "errors",
    "ConvergenceError": "errors",
    "DataError": "errors",
    "LabelError": "errors",
    "NotIdentifiedError": "errors",
    "PluralismError": "errors",
    "SmallSampleWarning": "errors",
    "bootstrap": "uncertainty",
    "permutation_test": "uncertainty",
    "read_emergent_values": "data",
    "write_report": "report",
}
_SUBMODULES = (
    "adapters",
    "choice",
    "data",
    "errors",
    "jury",
    "kernels",
    "perspective",
    "plots",
    "report",
    "scores",
    "uncertainty",
    "utility",
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .data import Annotations as Annotations
    from .data import Ballots as Ballots
    from .data import Comparisons as Comparisons
    from .data import read_emergent_values as read_emergent_values
    from .errors import ApproximationWarning as ApproximationWarning
    from .errors import ConvergenceError as ConvergenceError
    from .errors import DataError as DataError
    from .errors import LabelError as LabelError
    from .errors import NotIdentifiedError as NotIdentifiedError
    from .errors import PluralismError as PluralismError
    from .errors import SmallSampleWarning as SmallSampleWarning
    from .report import write_report as write_report
    from .uncertainty import bootstrap as bootstrap
    from .uncertainty import permutation_test as permutation_test

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS, _SUBMODULES)
