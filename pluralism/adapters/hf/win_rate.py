"""Mean preference in [0, 1]: a script for ``evaluate.load``."""

from pluralism.adapters.hf_evaluate import metric_class

Metric = metric_class("win_rate")
