"""Root of the Jensen-Shannon divergence: a script for ``evaluate.load``."""

from pluralism.adapters.hf_evaluate import metric_class

Metric = metric_class("js_distance")
