"""Eight devices give what one gives, and come to an end."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

PROGRAM = """
import sys
import jax
import numpy as np
from pluralism import Annotations, Comparisons, bootstrap
from pluralism.data import simulate_votes
from pluralism.kernels import _shards
from pluralism.jury import krippendorff_alpha
from pluralism.utility import fit_bradley_terry, fit_groups

assert jax.device_count() == int(sys.argv[2])
used = []
sharded = _shards.sharded
_shards.sharded = lambda kernel, devices, **options: (
    used.append(len(devices)) or sharded(kernel, devices, **options)
)
votes = simulate_votes(3000, items=8, raters=40, groups=["a", "b"], seed=0)
data = Comparisons.from_frame(
    votes, first="first", second="second", outcome="outcome", rater="rater", group="group"
)
ratings = Annotations.from_matrix(np.random.default_rng(0).integers(0, 3, (20, 30)))
results = dict(
    fits=bootstrap(fit_bradley_terry, data, n=150, seed=1).replicates.values,
    groups=bootstrap(fit_groups, data, n=20, seed=1).replicates.values,
    together=fit_groups(data).estimates,
    permuted=fit_groups(data).permutation_test(n=21, seed=1).replicates,
    alpha=bootstrap(krippendorff_alpha, ratings, n=150, seed=1).replicates,
)
assert set(used) == ({8} if jax.device_count() == 8 else set())
np.savez(sys.argv[1], **results)
"""


@pytest.mark.slow
def test_eight_forced_host_devices(tmp_path):
    results = []
    for count in (1, 8):
        path = tmp_path / f"{count}.npz"
        flags = f"--xla_force_host_platform_device_count={count}"
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(path), str(count)],
            env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
            check=True,
            timeout=240,
        )
        results.append(np.load(path))
    one, eight = results
    for name in ("fits", "groups", "together", "permuted", "alpha"):
        np.testing.assert_allclose(eight[name], one[name], rtol=1e-13, atol=1e-12)
