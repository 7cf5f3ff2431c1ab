"""Share wrong of what was answered: a script for ``evaluate.load``."""

from pluralism.adapters.hf_evaluate import metric_class

Metric = metric_class("selective_risk")
