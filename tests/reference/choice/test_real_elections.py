"""New South Wales, Legislative Assembly: instant runoff as it was counted."""

import json
from pathlib import Path

import pytest

from pluralism import Ballots
from pluralism.choice import irv

FILES = {
    "lismore2019": "00058-00000138.soi",
    "ballina2015": "00058-00000003.soi",
    "ballina2019": "00058-00000096.soi",
    "ballina2023": "00058-00000190.soi",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_final_two(test_data: Path, name: str):
    expected = json.loads((test_data / "references.json").read_text())[name]
    ballots = None
    for path in sorted((test_data / "nswla").glob("*.soi")):
        candidate = Ballots.from_preflib(path)
        if set(expected["final_two"]) <= set(candidate.alternatives):
            outcome = irv(candidate)
            if dict(outcome.rounds[-1].votes) == expected["final_two"]:
                ballots = candidate
    assert ballots is not None
    if "n" in expected:
        assert ballots.n_voters == expected["n"]


def test_lismore_2019_count_by_count(test_data: Path):
    ballots = Ballots.from_preflib(test_data / "nswla" / FILES["lismore2019"])
    assert ballots.n_voters == 48_145
    outcome = irv(ballots)
    assert outcome.winners == ("SAFFIN Janelle",)
    assert not outcome.tied
    first = outcome.rounds[0].votes
    assert first["CURTIN Austin"] == 19_104
    assert first["SAFFIN Janelle"] == 12_328
    assert first["HIGGINSON Sue"] == 11_693
    assert dict(outcome.rounds[-1].votes) == {"SAFFIN Janelle": 21_856, "CURTIN Austin": 20_710}
    # Every count, recounted from the file itself, line by line.
    lines = [
        line.split(": ")
        for line in (test_data / "nswla" / FILES["lismore2019"]).read_text().splitlines()
        if not line.startswith("#")
    ]
    papers = [(int(n), [int(k) - 1 for k in order.split(",")]) for n, order in lines]
    standing = set(range(ballots.n_alternatives))
    for entry in outcome.rounds:
        votes = dict.fromkeys(standing, 0)
        exhausted = 0
        for count, order in papers:
            choice = next((code for code in order if code in standing), None)
            if choice is None:
                exhausted += count
            else:
                votes[choice] += count
        assert entry.votes == {ballots.alternatives[code]: n for code, n in votes.items()}
        assert entry.exhausted == exhausted
        lowest = min(votes, key=votes.get)
        assert entry.eliminated == (ballots.alternatives[lowest],)
        standing.remove(lowest)
    assert len(standing) == 1
    table = outcome.count_table()
    assert table.shape == (len(outcome.rounds), ballots.n_alternatives + 3)
    assert table["exhausted"].iloc[-1] == 48_145 - 21_856 - 20_710
