"""Measures for evaluation harnesses, and the file formats of other projects.

A harness brings records (what a model or its judges said, and what it is held against) and wants
a number with its standard error. What a measure is stands in one catalogue, `list_measures`; each
module of this package says it in the words of one host, and imports that host only when the host
itself loads it:

==========================================  ===================================================
`pluralism.adapters.inspect_ai`             metrics ``pluralism/NAME`` and ``pluralism/NAME_stderr``
`pluralism.adapters.lm_eval`                ``!function`` targets for the YAML of a task
`pluralism.adapters.scikit_learn`           scorers
`pluralism.adapters.hf_evaluate`            one script a measure, for ``evaluate.load``
`pluralism.adapters.torchmetrics`           ``torchmetrics.Metric`` classes
`pluralism.adapters.lighteval`              corpus metrics
`pluralism.adapters.helm`                   ``Metric`` classes by dotted path
==========================================  ===================================================
"""

from .._lazy import attach

_EXPORTS = {
    "Estimate": "_measures",
    "hf_metric": "_hf",
    "list_measures": "_catalogue",
    "measure": "_measures",
    "read_alpaca_eval": "_preferences",
    "read_arena": "_preferences",
    "read_inspect": "_logs",
    "read_lm_eval": "_logs",
    "read_morebench": "_preferences",
    "write_table": "_tables",
}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._catalogue import list_measures as list_measures
    from ._hf import hf_metric as hf_metric
    from ._logs import read_inspect as read_inspect
    from ._logs import read_lm_eval as read_lm_eval
    from ._measures import Estimate as Estimate
    from ._measures import measure as measure
    from ._preferences import read_alpaca_eval as read_alpaca_eval
    from ._preferences import read_arena as read_arena
    from ._preferences import read_morebench as read_morebench
    from ._tables import write_table as write_table

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)
