"""Pay-off of answers and abstentions: a script for ``evaluate.load``."""

from pluralism.adapters.hf_evaluate import metric_class

Metric = metric_class("abstention_reliability")
