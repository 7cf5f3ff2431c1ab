"""Half the sum of differences (DistCE): a script for ``evaluate.load``."""

from pluralism.adapters.hf_evaluate import metric_class

Metric = metric_class("total_variation")
