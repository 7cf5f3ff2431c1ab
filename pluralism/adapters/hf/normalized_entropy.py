"""Entropy over that of k categories: a script for ``evaluate.load``."""

from pluralism.adapters.hf_evaluate import metric_class

Metric = metric_class("normalized_entropy")
