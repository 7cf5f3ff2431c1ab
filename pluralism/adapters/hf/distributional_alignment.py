"""Distance of answers in [0, 1], over questions: a script for ``evaluate.load``."""

from pluralism.adapters.hf_evaluate import metric_class

Metric = metric_class("distributional_alignment")
