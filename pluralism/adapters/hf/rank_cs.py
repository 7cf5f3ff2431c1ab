"""Share ranked alike (RankCS): a script for ``evaluate.load``."""

from pluralism.adapters.hf_evaluate import metric_class

Metric = metric_class("rank_cs")
