"""An interval, or a p-value, for any statistic of any container.

`bootstrap` and `permutation_test` resample whoever gave the answers (raters, voters), or items,
pairs or rows, and recompute a statistic of ours or of the user's.

How a statistic is recomputed
-----------------------------
Any callable goes through a loop: a resampled container is built for each replicate and handed to
it. A statistic that can do many replicates at once says so by a hook, an attribute that names
the batched function (as ``"module:name"``, imported at first use) or is that function::

    @batched_by("pluralism.jury._alpha_batch:alpha_replicates")
    def krippendorff_alpha(annotations, *, scale=None): ...

    def alpha_replicates(data, *, unit, weights, scale=None):
        return values  # (replicates, ...), or NotImplemented

* ``weights`` is a float64 array (replicates, units): the factor by which the data of each unit
  is multiplied. For ``unit="rater+item"`` it is a pair of arrays, raters first.
* Units stand in the container's own order: raters by code, items by code, ballots by row. The
  rows of `Comparisons` are ``[first_won, second_won, tied]`` of all cells, one after the other;
  pairs are the unordered pairs that occur, ascending.
* The keywords are those that `functools.partial` put on the statistic; a partial with
  positional arguments, and a function wrapped by `functools.wraps`, are looped over.
* NotImplemented (for a unit or a keyword that it cannot batch) sends the engine to the loop.
* A row with a NaN where the estimate has none has failed. A hook that knows why returns
  ``Batch(values, status, reasons)``.
* The engine calls the hook with few replicates at a time (a power of two, the last batch padded
  with weights of one), so the same shape is compiled once and Ctrl-C and progress work.

`permuted_by` is the same for `permutation_test`: ``hook(data, *, group, codes, **keywords)``
with ``codes`` (replicates, units) of int32, the group of every rater (or row).

Weights are drawn on the host, from one random stream per replicate, so batched, looped and sharded
runs agree.
"""

from .._lazy import attach

_EXPORTS = {
    "Batch": "_hooks",
    "Bootstrap": "_bootstrap",
    "Failures": "_run",
    "PermutationTest": "_permutation",
    "batched_by": "_hooks",
    "bootstrap": "_bootstrap",
    "permutation_test": "_permutation",
    "permuted_by": "_hooks",
}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._bootstrap import Bootstrap as Bootstrap
    from ._bootstrap import bootstrap as bootstrap
    from ._hooks import Batch as Batch
    from ._hooks import batched_by as batched_by
    from ._hooks import permuted_by as permuted_by
    from ._permutation import PermutationTest as PermutationTest
    from ._permutation import permutation_test as permutation_test
    from ._run import Failures as Failures

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)
