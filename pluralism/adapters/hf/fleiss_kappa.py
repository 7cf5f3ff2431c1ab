"""Agreement of raters, chance by pooled shares: a script for ``evaluate.load``."""

from pluralism.adapters.hf_evaluate import metric_class

Metric = metric_class("fleiss_kappa")
