"""The script of the docs that spreads a bootstrap over hosts, run as two processes."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pluralism import Comparisons
from pluralism.data import simulate_votes
from pluralism.utility import fit_bradley_terry

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_two_hosts_bootstrap_together(tmp_path) -> None:
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    script = re.search(r"```py\n(# bootstrap_hosts.py\n.*?)```", page, re.DOTALL).group(1)
    (tmp_path / "bootstrap_hosts.py").write_text(script, encoding="utf-8")
    votes = simulate_votes(4000, items=5, raters=40, seed=4)
    counted = Comparisons.from_frame(
        votes, first="first", second="second", outcome="outcome", rater="rater"
    )
    counted.save(tmp_path / "cells.parquet")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}
    hosts = [
        subprocess.Popen(
            [sys.executable, "bootstrap_hosts.py", address, "2", str(host), "cells.parquet", "."],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for host in range(2)
    ]
    try:
        for host in hosts:
            _, said = host.communicate(timeout=240)
            assert host.returncode == 0, said
    finally:
        for host in hosts:
            host.kill()
    one, other = (np.load(tmp_path / f"replicates-{host}.npy") for host in range(2))
    assert one.shape == other.shape == (500, 5)
    assert not np.array_equal(one, other)
    # Together they are one bootstrap: its spread is the fit's standard error.
    spread = np.concatenate([one, other]).std(axis=0)
    np.testing.assert_allclose(spread, fit_bradley_terry(counted).stderr, rtol=0.35)
