"""Use each layer of an installed package at its own footprint: ``smoke.py LAYER``.

A layer is "core" or an extra. What the layer needs must be there; what only other extras bring
must be missed with an error that names it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

#: Packages that only an extra brings.
EXTRAS = {"typer": "cli", "matplotlib": "plots", "jinja2": "report", "h5netcdf": "netcdf"}


def core() -> None:
    import numpy as np

    import pluralism as pl
    from pluralism.adapters import measure

    fit = pl.utility.fit_bradley_terry(pl.data.load_table("celebrities"))
    assert str(fit.utility.idxmax().item()) == "Lyndon Johnson"
    ratings = pl.Annotations.from_matrix([[1, 2, 3, 3], [1, 2, 3, 4]], scale="ordinal")
    alpha = pl.bootstrap(pl.jury.krippendorff_alpha, ratings, unit="item", n=20, seed=0)
    assert alpha.stderr >= 0
    ballots = pl.Ballots.from_rankings([["a", "b", "c"], ["b", "c", "a"], ["a", "c", "b"]])
    assert set(pl.choice.schulze(ballots).winners) == {"a"}
    assert pl.perspective.entropy([1, 1]) == np.log(2)
    assert measure("win_rate", [1.0, 0.5]).value == 0.75
    for name in pl._SUBMODULES:
        dir(getattr(pl, name))


def missed() -> None:
    """What is not installed is asked for by name."""
    lacks = {extra: package for package, extra in EXTRAS.items() if find_spec(package) is None}
    calls = {
        "cli": "from pluralism.cli import main; main()",
        "plots": "import pluralism as pl; pl.plots.utilities(pl.utility.fit_bradley_terry("
        "pl.data.load_table('celebrities')))",
        "report": "import pluralism as pl; votes = pl.data.load_table('celebrities'); "
        "pl.write_report(votes, 'r.html')",
    }
    for extra in lacks.keys() & calls.keys():
        done = subprocess.run(
            [sys.executable, "-c", calls[extra]], capture_output=True, text=True, check=False
        )
        assert done.returncode, f"without the extra {extra!r} this should fail"
        assert lacks[extra] in done.stderr.splitlines()[-1], done.stderr[-800:]


def cli() -> None:
    for arguments in (["--version"], ["--help"]):
        subprocess.run(
            [sys.executable, "-m", "pluralism", *arguments], check=True, capture_output=True
        )


def plots() -> None:
    import pluralism as pl

    fit = pl.utility.fit_bradley_terry(pl.data.load_table("celebrities"))
    pl.plots.utilities(fit).figure.savefig("utilities.png")
    assert Path("utilities.png").stat().st_size > 1000


def report() -> None:
    subprocess.run(
        [sys.executable, "-m", "pluralism", "report", "--example"], check=True, capture_output=True
    )
    assert Path("report.html").stat().st_size > 10_000


def netcdf() -> None:
    import xarray as xr

    import pluralism as pl

    fit = pl.utility.fit_bradley_terry(pl.data.load_table("celebrities"))
    fit.to_dataset().to_netcdf("fit.nc", engine="h5netcdf")
    with xr.open_dataset("fit.nc", engine="h5netcdf") as stored:
        assert stored.sizes["item"] == 9


if __name__ == "__main__":
    import os

    os.chdir(tempfile.mkdtemp())
    os.environ["MPLBACKEND"] = "agg"
    layer = sys.argv[1]
    globals()[layer]()
    missed()
    print(f"{layer}: used, and what it lacks is asked for")
