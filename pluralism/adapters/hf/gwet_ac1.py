"""Agreement of raters, robust to skew: a script for ``evaluate.load``."""

from pluralism.adapters.hf_evaluate import metric_class

Metric = metric_class("gwet_ac1")
