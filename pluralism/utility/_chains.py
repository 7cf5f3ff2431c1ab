"""How well Markov chains have mixed, as ArviZ measures it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from .. import _quiet
from .._lazy import needed

__all__ = ["Mixing", "import_arviz", "mixing"]

#: What a summary asks for: Vehtari, Gelman, Simpson, Carpenter and Buerkner (2021), sec. 4.
HIGHEST_R_HAT, LOWEST_ESS = 1.01, 400.0


class Mixing(NamedTuple):
    """Rank-normalised split r-hat and effective sample sizes of every quantity.

    Attributes
    ----------
    r_hat, ess_bulk, ess_tail : xarray.Dataset
        One value for each quantity of the posterior.
    divergences : int
        Transitions that left the path of the exact dynamics.
    """

    r_hat: xr.Dataset
    ess_bulk: xr.Dataset
    ess_tail: xr.Dataset
    divergences: int

    @property
    def worst_r_hat(self) -> float:
        """The largest r-hat."""
        return max(float(each.max()) for each in self.r_hat.values())

    @property
    def worst_ess(self) -> float:
        """The smallest bulk effective sample size."""
        return min(float(each.min()) for each in self.ess_bulk.values())

    def complaint(self) -> str:
        """What is wrong with the chains, or an empty string."""
        wrong = []
        if not self.worst_r_hat <= HIGHEST_R_HAT:
            wrong.append(f"r-hat is {self.worst_r_hat:.3f} at worst (at most {HIGHEST_R_HAT})")
        if not self.worst_ess >= LOWEST_ESS:
            wrong.append(
                f"the bulk effective sample size is {self.worst_ess:.0f} at worst "
                f"(at least {LOWEST_ESS:.0f})"
            )
        return "; ".join(wrong)


def mixing(posterior: xr.Dataset, diverging: Any) -> Mixing:
    """Diagnose the draws of a posterior, over `chain` and `draw`."""
    arviz = import_arviz()
    return Mixing(
        arviz.rhat(posterior),
        arviz.ess(posterior),
        arviz.ess(posterior, method="tail"),
        int(np.sum(diverging)),
    )


def import_arviz() -> Any:
    """Import ArviZ without the announcement of its next version."""
    with _quiet.others_silenced():
        return needed("arviz", extra="bayes", purpose="a posterior")
