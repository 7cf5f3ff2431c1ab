"""
What did the groups of a Polis conversation agree on?
=====================================================

In 2015 Taiwan discussed Uber on Polis: 1,921 people voted on 197 comments written by themselves.
Where do they stand, which groups are there, and what do all groups agree on?

The export is read from the folder that ``PLURALISM_TEST_DATA`` names
(``polis/vtaiwan.uberx``, compdemocracy/openData, CC-BY-4.0). Without it the figures show a
**simulated stand-in** of the same shape, and their titles say so.
"""

# %%
# The conversation
# ----------------
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from pluralism import choice
from pluralism.data import read_polis

FOLDER = Path(os.environ.get("PLURALISM_TEST_DATA", "")) / "polis" / "vtaiwan.uberx"
REAL = FOLDER.is_dir()


def simulate(people: int = 900, comments: int = 60) -> xr.DataArray:
    """Two camps, some comments that both like, and most votes missing."""
    rng = np.random.default_rng(4)
    camp = (rng.random(people) < 0.7).astype(int)
    chance = rng.beta(0.6, 0.6, (2, comments))
    chance[:, :12] = rng.beta(8, 2, 12)
    draw = rng.random((people, comments))
    votes = np.where(draw < 0.85 * chance[camp], 1.0, np.where(draw < 0.9, -1.0, 0.0))
    votes[rng.random(votes.shape) < rng.beta(2, 2, people)[:, None]] = np.nan
    group = np.where((~np.isnan(votes)).sum(axis=1) < 7, None, camp)
    return xr.DataArray(
        votes,
        dims=("participant", "comment"),
        coords={"group": ("participant", group), "comment": np.arange(comments)},
    )


if REAL:
    talk = read_polis(FOLDER)
    votes, source = talk.votes, "vTaiwan on Uber"
    print(*talk.notes, sep="\n")
else:
    votes, source = simulate(), "SIMULATED stand-in, not vTaiwan"
seen = votes.notnull()
print(f"{votes.sizes['participant']} people, {votes.sizes['comment']} comments;", end=" ")
half = float(seen.sum("comment").median())
print(f"{float(seen.mean()):.1%} of the votes cast, by half of the people {half:g} or fewer")

# %%
# Where people stand
# ------------------
# Polis draws the plane of the two principal components of the votes, and an outline around each
# group. Colours are the groups of the export; the groups that we find from the same votes fall
# together with them for nine people in ten.
found = choice.opinion_groups(votes)
theirs, ours = votes.group.values, found.group.values
both = np.array([a is not None and b is not None for a, b in zip(theirs, ours, strict=True)])
same = (theirs[both] == ours[both]).mean()
print(f"{found.n_groups} groups found; {max(same, 1 - same):.1%} as in the export")
print(found.silhouette.to_series().round(3).to_dict())

COLORS = ("#2166ac", "#d6604d", "#1b7837")


def outline(points: np.ndarray) -> np.ndarray:
    """Corners of the convex hull, closed."""
    from scipy.spatial import ConvexHull

    corners = points[ConvexHull(points).vertices]
    return np.vstack([corners, corners[:1]])


figure, axis = plt.subplots(figsize=(7, 5.4), layout="constrained")
place = found.position.values
alone = np.array([g is None for g in theirs])
axis.plot(*place[alone].T, ".", color="0.8", ms=3, label=f"too few votes ({alone.sum():,})")
for group in sorted({g for g in theirs if g is not None}):
    mine = place[theirs == group]
    color = COLORS[group]
    axis.plot(*mine.T, ".", color=color, ms=4, label=f"group {group} ({len(mine):,} people)")
    axis.plot(*outline(mine).T, color=color, lw=1)
    axis.fill(*outline(mine).T, color=color, alpha=0.08)
    label = {"color": color, "weight": "bold", "size": 20, "ha": "center", "va": "center"}
    paper = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.5}
    axis.text(*mine.mean(axis=0), f"{group}", bbox=paper, **label)
first, second = found.explained.values
axis.set(
    xlabel=f"first component ({first:.0%} of the variance)",
    ylabel=f"second ({second:.0%})",
    title=f"{source}: people by how they voted",
    xlim=np.nanquantile(place[~alone, 0], [0, 1]) + np.array([-0.5, 0.5]),
    ylim=np.nanquantile(place[~alone, 1], [0, 1]) + np.array([-0.5, 0.5]),
)
axis.legend(frameon=False, fontsize=9, markerscale=2)
axis.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What all groups agree on
# ------------------------
# Group-informed consensus multiplies the groups' shares of agreement, so one group alone can hold
# a comment down. The list leaves out comments that a group has hardly seen: their score would
# rest on the prior. Points are shares by group, bars the consensus with its interval over
# participants.
result = choice.comment_representativeness(votes, groups="group", n=500)
listed = result.consensus_list(min_votes=20).head(12)
print(listed.round(3).to_string())

figure, axis = plt.subplots(figsize=(7, 0.36 * len(listed) + 1.5), layout="constrained")
row = np.arange(len(listed))
error = np.abs(listed[["lower", "upper"]].to_numpy().T - listed["consensus"].to_numpy())
axis.barh(row, listed["consensus"], color="#dddddd", label="consensus, 95% over participants")
axis.errorbar(listed["consensus"], row, xerr=error, fmt="none", ecolor="0.35", lw=1.4)
for group in result.group_size.group.values:
    axis.plot(
        listed[f"share_{group}"], row, "o", color=COLORS[group], label=f"agreement in group {group}"
    )
axis.set_yticks(row, [f"comment {number}" for number in listed.index])
axis.invert_yaxis()
axis.set(xlim=(0, 1), xlabel="share", title=f"{source}: agreed across groups")
axis.spines[["top", "right", "left"]].set_visible(False)
axis.tick_params(axis="y", length=0)
axis.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.45, -0.13), ncols=3)
plt.show()

# %%
# What sets each group apart
# --------------------------
# Polis lists the comments on which a group votes unlike everybody else. The groups were found
# from these very votes, so that they differ on some is no discovery; on which is.
for group in result.group_size.group.values:
    print(f"group {group}")
    print(result.representative(group).head(4).round(2).to_string(index=False))

# %%
# Three ways to look for common ground
# ------------------------------------
# Bridging by matrix factorisation (Community Notes) needs no groups: it asks which approval the
# main axis of disagreement does not explain. Pairwise disagreement asks how much those who
# approve disagree otherwise; it also rewards being shown often, so it is compared here among
# comments with many votes.
fit = choice.bridging((votes + 1) / 2, min_raters=5, min_ratings=7)
often = seen.sum("participant").values >= np.quantile(seen.sum("participant").values, 0.7)
often &= result.votes.min("group").values >= 20
scores = {
    "consensus": result.consensus.sel(stance="agree").values[often],
    "matrix factorisation": fit.intercept.values[often],
    "pairwise disagreement": choice.disagreement_bridging(votes).values[often],
}
figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained", sharey=True)
for axis, name in zip(axes, list(scores)[1:], strict=True):
    axis.scatter(scores[name], scores["consensus"], s=14, color="#2166ac")
    rank = np.corrcoef(*(np.argsort(np.argsort(scores[k])) for k in ("consensus", name)))[0, 1]
    axis.set(xlabel=name, title=f"rank correlation {rank:.2f}")
    axis.spines[["top", "right"]].set_visible(False)
axes[0].axvline(0.40, color="0.6", lw=1, ls="--")
axes[0].set_ylabel("group-informed consensus")
figure.suptitle(f"{source}: {often.sum()} comments with many votes")
plt.show()
