"""Wasserstein-1 distance of ordered options: a script for ``evaluate.load``."""

from pluralism.adapters.hf_evaluate import metric_class

Metric = metric_class("wasserstein")
