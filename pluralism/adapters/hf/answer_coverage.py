"""Share answered rather than abstained: a script for ``evaluate.load``."""

from pluralism.adapters.hf_evaluate import metric_class

Metric = metric_class("answer_coverage")
