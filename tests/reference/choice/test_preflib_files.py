"""Published PrefLib files: read, written back, and the figures known for them."""

from pathlib import Path

import numpy as np
import pytest

from pluralism import Ballots
from pluralism.choice import borda

SMALL = (
    "cities.soi",
    "education_courses.soi",
    "education_qualities.toi",
    "shirt.soc",
    "skaters.toc",
)


@pytest.mark.parametrize("name", SMALL)
def test_small_files_make_a_round(test_data: Path, tmp_path: Path, name: str):
    source = test_data / "preflib_small" / name
    ballots = Ballots.from_preflib(source)
    ballots.to_preflib(tmp_path / name)
    again = Ballots.from_preflib(tmp_path / name)
    assert again.alternatives == ballots.alternatives
    np.testing.assert_array_equal(again.ranks, ballots.ranks)
    np.testing.assert_array_equal(again.counts, ballots.counts)

    def body(path):
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        return [line.replace(" ", "") for line in lines if not line.startswith("#")]

    # Within a tied group the order of the numbers means nothing.
    def plain(lines):
        return [sorted(line) for line in lines]

    assert plain(body(tmp_path / name)) == plain(body(source))


def test_netflix(test_data: Path):
    ballots = Ballots.from_preflib(test_data / "preflib_netflix" / "netflix.soc")
    assert ballots.n_voters == 588
    assert ballots.alternatives[0] == "Mean Girls"
    assert ballots.pairwise().values.tolist() == [
        [0, 205, 334, 368],
        [383, 0, 412, 464],
        [254, 176, 0, 317],
        [220, 124, 271, 0],
    ]
    assert borda(ballots).scores.values.tolist() == [907, 1259, 747, 615]
