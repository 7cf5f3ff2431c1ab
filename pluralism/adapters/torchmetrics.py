"""Measures as torchmetrics metrics, whose states add across batches and processes.

A measure that is a mean over samples keeps three sums; one of the diversity of labels keeps the
counts of its categories; any other one keeps its samples, which torchmetrics gathers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torchmetrics
from torch import Tensor
from torchmetrics.utilities import dim_zero_cat

from .. import _validate
from ..errors import DataError
from ._catalogue import OUTCOME_MEASURES, OUTCOMES
from ._measures import PARTS, Record, estimate, figure, find

__all__ = ["PluralismMetric"]

COLUMNS = ("predictions", "references", "groups")
#: Keywords of `torchmetrics.Metric` itself.
_OF_TORCHMETRICS = {
    "compute_on_cpu", "compute_with_cache", "dist_sync_fn", "dist_sync_on_step",
    "distributed_available_fn", "process_group", "sync_on_compute",
}  # fmt: skip


class PluralismMetric(torchmetrics.Metric):
    """A measure of the catalogue over batches of tensors.

    Parameters
    ----------
    name : str
        A measure of the catalogue, `pluralism.adapters.list_measures`.
    part : {"value", "stderr"}
        What `compute` returns.
    num_categories : int, optional
        For measures of the diversity of labels: labels are 0, 1, ..., num_categories - 1.
    **options
        Of the measure.

    Raises
    ------
    LabelError
        If there is no such measure or option.
    DataError
        If `num_categories` is needed and missing.

    Examples
    --------
    >>> import torch
    >>> from pluralism.adapters.torchmetrics import PluralismMetric
    >>> metric = PluralismMetric("total_variation")
    >>> people = torch.tensor([[0.7, 0.3], [0.5, 0.5]])
    >>> metric.update(torch.tensor([[0.9, 0.1], [0.5, 0.5]]), people)
    >>> round(metric.compute().item(), 6)
    0.1
    """

    full_state_update = False
    is_differentiable = False

    def __init__(
        self, name: str, *, part: str = "value", num_categories: int | None = None, **options: Any
    ) -> None:
        own = {key: options.pop(key) for key in _OF_TORCHMETRICS & set(options)}
        measure = find(name, options)
        _validate.one_of("part", part, tuple(PARTS.values()))
        super().__init__(**own)
        self.measure, self.part, self.options = measure, part, options
        self.codes = OUTCOMES if name in OUTCOME_MEASURES else None
        if measure.score is not None:
            self.keeps = "sums"
            for state in ("total", "squares", "samples"):
                self.add_state(state, torch.tensor(0.0, dtype=torch.float64), "sum")
        elif measure.prediction == "label" and self.codes is None:
            self.keeps = "counts"
            if num_categories is None:
                raise DataError(f"{name} counts labels; pass `num_categories`")
            self.add_state("counts", torch.zeros(num_categories, dtype=torch.int64), "sum")
        else:
            self.keeps = "samples"
            for state in COLUMNS:
                self.add_state(state, [], "cat")

    @property
    def higher_is_better(self) -> bool | None:
        """Whether a larger value is a better one; None where neither is."""
        return self.measure.higher_is_better

    def update(
        self, predictions: Tensor, references: Tensor | None = None, groups: Tensor | None = None
    ) -> None:
        """Take one batch, one row a sample.

        Parameters
        ----------
        predictions, references, groups : Tensor, (samples,) or (samples, ...)
            As the measure reads them. NaN in a row of labels is a rater who said nothing.
            Outcomes are 0 (correct), 1 (wrong) and 2 (abstain).

        Raises
        ------
        DataError
            If lengths differ, or a value is not what the measure needs.
        """
        batch = dict(zip(COLUMNS, (predictions, references, groups), strict=True))
        given = {name: value.detach() for name, value in batch.items() if value is not None}
        if len({len(value) for value in given.values()}) > 1:
            sizes = ", ".join(f"{name} {len(value)}" for name, value in given.items())
            raise DataError(f"the columns of a batch differ in length: {sizes}")
        if self.keeps == "samples":
            for name, value in given.items():
                getattr(self, name).append(value)
        elif self.keeps == "counts":
            self.counts += self._counted(given["predictions"])
        elif len(given["predictions"]):
            part = estimate(self.measure.name, self._records(given), **self.options)
            if part.n:
                self.total += part.value * part.n
                within = 0.0 if part.n == 1 else part.stderr**2 * part.n * (part.n - 1)
                self.squares += within + part.value**2 * part.n
                self.samples += part.n

    def compute(self) -> Tensor:
        """Return the estimate, or its standard error, over all batches.

        Returns
        -------
        Tensor
            A float64 scalar; NaN where it is not defined.

        Raises
        ------
        DataError
            If the samples together are not what the measure needs.
        """
        if self.keeps == "sums":
            n = self.samples
            mean = self.total / n
            if self.part == "value":
                return mean
            variance = torch.clamp(self.squares / n - mean**2, min=0.0) / (n - 1)
            return torch.where(n > 1, variance.sqrt(), torch.nan)
        if self.keeps == "counts":
            labels = torch.arange(len(self.counts), device=self.counts.device)
            columns = {"predictions": labels.repeat_interleave(self.counts)}
        else:
            states = {name: getattr(self, name) for name in COLUMNS}
            columns = {name: dim_zero_cat(held) for name, held in states.items() if len(held)}
        value = figure(self.measure.name, self.part, self._records(columns), **self.options)
        return torch.tensor(value, dtype=torch.float64, device=self.device)

    def _records(self, columns: Mapping[str, Tensor]) -> list[Record]:
        lists = {name: column.tolist() for name, column in columns.items()}
        size = max((len(column) for column in lists.values()), default=0)
        if self.codes is not None:
            lists["predictions"] = [self._outcome(code) for code in lists.get("predictions", [])]
        rows = zip(*(lists.get(name, [None] * size) for name in COLUMNS), strict=True)
        return [Record(*row) for row in rows]

    def _outcome(self, code: float) -> str:
        assert self.codes is not None
        if code not in range(len(self.codes)):
            raise DataError(f"an outcome is {code}; it must be 0 (correct), 1 (wrong), 2 (abstain)")
        return self.codes[int(code)]

    def _counted(self, labels: Tensor) -> Tensor:
        labels, k = labels.flatten().to(torch.int64), len(self.counts)
        if labels.numel() and not 0 <= int(labels.min()) <= int(labels.max()) < k:
            raise DataError(
                f"labels run from {int(labels.min())} to {int(labels.max())}; they must be in "
                f"[0, {k - 1}], by `num_categories`"
            )
        return torch.bincount(labels, minlength=k)
