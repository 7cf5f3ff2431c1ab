"""Share of reasonable answers given: a script for ``evaluate.load``."""

from pluralism.adapters.hf_evaluate import metric_class

Metric = metric_class("overton_coverage")
