"""Settings and fixtures that every test shares."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Before NumPy and JAX are imported: one BLAS thread per worker, strict promotion in kernels, and
# compiled kernels kept between runs (a setting of the test run, not of the library).
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_NUMPY_RANK_PROMOTION", "raise")
os.environ.setdefault("JAX_NUMPY_DTYPE_PROMOTION", "strict")
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR", str(Path(tempfile.gettempdir()) / "pluralism-test-jax-cache")
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
os.environ.setdefault("MPLBACKEND", "agg")

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "default",
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("default")


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Folder of real data sets with reference results, or a skip that says why."""
    return _test_data()


def _test_data() -> Path:
    folder = os.environ.get("PLURALISM_TEST_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("PLURALISM_TEST_DATA does not name a folder with the real data sets")
    return Path(folder)
