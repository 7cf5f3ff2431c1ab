"""What defines a paired-comparison fit beside the data, and whether the two fit together."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from .. import _validate
from ..data import Comparisons
from ..errors import DataError, LabelError
from . import _sandwich

__all__ = ["PairedModel", "checked", "lightness", "mean_lightness", "reference_code"]


@dataclass(frozen=True, kw_only=True)
class PairedModel:
    """Everything that defines a fit beside the data."""

    function: str
    name: str
    link: Literal["logit", "probit"]
    units: str
    ties: str
    order_effect: bool | str
    item_features: Any
    residual: bool
    covariates: Any
    prior: float | None
    bias_reduction: bool = False
    components: str
    covariance: str | None
    reference: Hashable
    check: bool
    tolerance: float
    max_iterations: int
    tie_models: tuple[str, ...] = ("half", "davidson", "rao-kupper", "drop")
    has_terms: bool = True  # whether it takes `components`, features, covariates, order effects

    @property
    def ridge(self) -> float:
        """Prior precision of a utility."""
        return 0.0 if self.prior is None else self.prior**-2

    @property
    def remedies(self) -> tuple[str, ...]:
        """Arguments of this very model, beside `prior`, that help where no estimate exists."""
        if not self.has_terms:
            return ()
        if self.tie_model == "none":
            return ("components", "bias_reduction")
        return ("components",)

    @property
    def tie_model(self) -> str:
        """The tie model of the kernels."""
        return self.ties if self.ties in ("davidson", "rao-kupper") else "none"

    def validated(self) -> PairedModel:
        """Check every argument that can be checked without the data."""
        _validate.one_of("ties", self.ties, self.tie_models)
        _validate.one_of("components", self.components, ("error", "separate"))
        for name in ("bias_reduction", "residual", "check"):
            if not isinstance(getattr(self, name), (bool, np.bool_)):
                raise DataError(f"`{name}` is {getattr(self, name)!r}; it must be True or False")
        if self.prior is not None:
            _validate.prior_deviation("prior", self.prior)
        _validate.number("tolerance", self.tolerance, above=0.0)
        _validate.whole_number("max_iterations", self.max_iterations, at_least=1)
        if self.bias_reduction and (self.prior is not None or self.tie_model != "none"):
            raise DataError(
                '`bias_reduction` is for fits without a prior, with `ties` "half" or "drop"; here '
                f"`prior` is {self.prior!r} and `ties` is {self.ties!r}"
            )
        if self.residual and (self.item_features is None or self.prior is None):
            raise DataError(
                "`residual=True` adds a free residual to the utilities that `item_features` "
                "explain, whose standard deviation is `prior`; give both"
            )
        return self


def checked(comparisons: Comparisons, model: PairedModel) -> tuple[PairedModel, str, int | None]:
    """Check what all paired models share: the model, its covariance type, the reference's code."""
    if not isinstance(comparisons, Comparisons):
        raise DataError(
            f"`comparisons` is a {type(comparisons).__name__}; build a Comparisons first, for "
            "example with `Comparisons.from_frame` or `Comparisons.from_pairs`"
        )
    model = model.validated()
    kind = _sandwich.covariance_type(comparisons, model.covariance)
    if comparisons.n_items < 2:
        raise DataError(
            f"`comparisons` has {comparisons.n_items} item(s); a fit needs at least two"
        )
    if not comparisons.n_cells:
        raise DataError("`comparisons` holds no votes; a fit needs at least one")
    model = replace(model, tolerance=model.tolerance * mean_lightness(comparisons))
    return model, kind, reference_code(model.reference, comparisons.items)


def lightness(mean_weight: float) -> float:
    """How much smaller a tolerance in standard errors must be for votes of this mean weight.

    Light votes have large standard errors, and a small part of those is no small distance.
    """
    return min(1.0, float(np.sqrt(mean_weight)))


def mean_lightness(comparisons: Comparisons) -> float:
    """`lightness` at the mean weight of votes."""
    if comparisons.table is not None:  # of votes of weight one, and cells need not be written out
        return 1.0
    return lightness(float(comparisons.total.sum()) / max(comparisons.n_votes, 1))


def reference_code(reference: Hashable, items: tuple[Hashable, ...]) -> int | None:
    """Place of the reference item, or None for the mean."""
    if isinstance(reference, Hashable) and reference in items:
        return items.index(reference)
    if isinstance(reference, str) and reference == "mean":
        return None
    raise LabelError.unknown(
        "`reference`", reference, known=items, argument="`comparisons`", remedy='(or "mean")'
    )
