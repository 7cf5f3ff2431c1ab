"""
Who would you rather talk to for an hour?
=========================================

234 judges were asked, for every pair of nine celebrities, with which of the two they would rather
spend an hour of conversation (Rumelhart and Greeno 1971). The table of counts comes with the
library.
"""

import pluralism as pl

votes = pl.data.load_table("celebrities")
fit = pl.utility.fit_bradley_terry(votes)
print(fit)

# %%
# Utilities are in log-odds and their mean is zero. A bar says where one of them may lie.
pl.plots.utilities(fit)

# %%
# What the model expects when two of them are compared. Light is above one half.
pl.plots.pairwise_matrix(fit)

# %%
# The observed shares look alike, and where they do not, one scale is not enough: politicians,
# athletes and actresses are compared differently within and across their kinds.
pl.plots.pairwise_matrix(votes)

# %%
# Two bars that overlap may belong to utilities that differ, since a difference has its own
# standard error. Ranks that hold for all items at once:
print(fit.rank_intervals(0.95).to_pandas())
