"""Files of other projects become containers; hostile ones are refused by name."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pluralism.adapters import (
    _files,
    _logs,
    read_alpaca_eval,
    read_arena,
    read_inspect,
    read_lm_eval,
    read_morebench,
)
from pluralism.errors import DataError, LabelError
from pluralism.jury import krippendorff_alpha
from pluralism.scores import win_rate

READERS = [read_alpaca_eval, read_arena, read_inspect, read_lm_eval, read_morebench]


def put(path: Path, content: Any) -> Path:
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return path


def sample(number: int, epoch: int = 1, **scores: Any) -> dict[str, Any]:
    held = {name: {"value": value, "answer": str(value)} for name, value in scores.items()}
    return {"id": number, "epoch": epoch, "scores": held}


# -- inspect_ai --------------------------------------------------------------------------


def test_scorers_epochs_and_models_as_raters(tmp_path: Path) -> None:
    samples = [
        sample(k, epoch, kind="CI"[(k + epoch) % 2], safe="C") for k in range(3) for epoch in (1, 2)
    ]
    log = put(tmp_path / "a.json", {"eval": {"model": "m1"}, "samples": samples})
    by_scorer = read_inspect(log)
    assert by_scorer.raters == ("kind", "safe")
    assert by_scorer.n_items == 6
    by_epoch = read_inspect(log, rater="epoch", scorers=["kind"])
    assert by_epoch.raters == (1, 2)
    assert by_epoch.n_items == 3
    assert krippendorff_alpha(by_epoch) < 0
    other = put(tmp_path / "b.json", {"eval": {"model": "m2"}, "samples": samples})
    by_model = read_inspect([log, other], rater="model", scorers=["kind"])
    assert by_model.raters == ("m1", "m2")
    assert krippendorff_alpha(by_model) == 1.0
    with pytest.raises(DataError, match=r"has the scorers \['kind', 'safe'\]; name one"):
        read_inspect(log, rater="model")


def test_lists_of_judges_and_missing_scores(tmp_path: Path) -> None:
    samples = [
        sample(1, judges=["a", "b"]), sample(2, judges=["a"]), sample(3, judges=float("nan")),
        sample(4, judges=None),
    ]  # fmt: skip
    log = put(tmp_path / "log.json", {"eval": {"model": "m"}, "samples": samples})
    found = read_inspect(log)
    assert found.raters is None
    assert found.n_labels == 3
    assert found.dropped == {"unscored": 2}


def test_an_archive_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"eval": {"model": "m"}}))
        archive.writestr("_journal/start.json", "{}")
        for number in (1, 2):
            held = sample(number, one=number, two=2)
            archive.writestr(f"samples/{number}_epoch_1.json", json.dumps(held))
    found = read_inspect(path, scale="interval")
    assert (found.n_items, found.categories) == (2, (1, 2))


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no log of inspect_ai"):
        read_inspect(put(tmp_path / "log.eval", "not a zip"))
    empty = tmp_path / "empty.eval"
    with zipfile.ZipFile(empty, "w"):
        pass
    with pytest.raises(DataError, match=r"has no header\.json"):
        read_inspect(empty)


def test_samples_that_are_none_are_refused(tmp_path: Path) -> None:
    def log(samples: Any) -> Path:
        return put(tmp_path / "log.json", {"eval": {"model": "m"}, "samples": samples})

    with pytest.raises(DataError, match="is a list, not a mapping"):
        read_inspect(log([[1]]))
    with pytest.raises(DataError, match="has scores that are a list, not a mapping"):
        read_inspect(log([{"id": 1, "epoch": 1, "scores": [1]}]))
    with pytest.raises(DataError, match="`paths` hold no"):
        read_inspect(log([]))


def test_files_beyond_the_limit_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"eval": {"model": "m" * 9999}}))
    monkeypatch.setattr(_logs, "LARGEST_FILE", 5000)
    with pytest.raises(DataError, match="unpacks to more than 4 GiB"):
        read_inspect(path)
    monkeypatch.setattr(_files, "LARGEST_FILE", 5)
    with pytest.raises(DataError, match=r"log\.eval has \d+ bytes; more than 4 GiB are not read"):
        read_inspect(path)


def inspect_log(path: Path, ids: list[Any], model: str = "m", task: str = "t") -> Path:
    samples = [sample(number, kind="C") for number in ids]
    return put(path, {"eval": {"model": model, "task": task}, "samples": samples})


def test_samples_of_several_tasks_are_items_of_their_own(tmp_path: Path) -> None:
    logs = [inspect_log(tmp_path / f"{task}.json", [1, 2], task=task) for task in ("sums", "dates")]
    assert set(read_inspect(logs).items) == {
        "sums | 1 | m", "sums | 2 | m", "dates | 1 | m", "dates | 2 | m",
    }  # fmt: skip
    assert read_inspect(logs, rater="model").n_items == 4
    assert read_inspect(logs[0]).items == ("1 | m", "2 | m")


def test_items_that_would_share_a_label_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        LabelError, match=r"\(1, 1, 'm'\) and \('1', 1, 'm'\) would share .*'1 . m'"
    ):
        read_inspect(inspect_log(tmp_path / "a.json", [1, "1"]))
    logs = [
        inspect_log(tmp_path / "b.json", ["a | m"], model="m"),
        inspect_log(tmp_path / "c.json", ["a"], model="m | m"),
    ]
    with pytest.raises(LabelError, match=r"would share the label 'a . m . m'; rename one"):
        read_inspect(logs)
    parts = [("a | b", "c"), ("a", "b | c")]
    rows = [
        {"task_id": task, "criterion_id": criterion, "model": "m", "judgement": "yes"}
        for task, criterion in parts
    ]
    with pytest.raises(LabelError, match=r"would share the label 'a . b . c'; rename one"):
        read_morebench(put(tmp_path / "judgements.json", rows))


def test_a_sample_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    logs = [inspect_log(tmp_path / f"{name}.json", [1]) for name in "ab"]
    with pytest.raises(DataError, match=r"b.json: sample 0 is sample 1 of .*a.json: sample 0; it"):
        read_inspect(logs)


# -- lm-evaluation-harness ---------------------------------------------------------------


def test_responses_of_models(tmp_path: Path) -> None:
    said = {"small": ["yes", "no", ""], "large": ["yes", "yes", "no"]}
    files = []
    for model, answers in said.items():
        (tmp_path / model).mkdir()
        lines = [
            json.dumps({"doc_id": k, "filter": "none", "filtered_resps": [text], "acc": k % 2})
            for k, text in enumerate(answers)
        ]
        files.append(put(tmp_path / model / "samples_survey_2026.jsonl", "\n".join(lines) + "\n"))
    found = read_lm_eval(files)
    assert (found.raters, found.categories) == (("large", "small"), ("no", "yes"))
    assert found.dropped == {"no response": 1}
    assert read_lm_eval(files, value="acc", scale="interval").categories == (0, 1)


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    lines = [json.dumps({"doc_id": k, "filtered_resps": [f"{k}"]}) for k in range(2)]
    path = put(tmp_path / "samples_a.jsonl", "\n\n".join(lines) + "\n  \n")
    assert read_lm_eval(path).categories == ("0", "1")


@pytest.mark.parametrize("inside", ["\u2028", "\x85", "\u2029"])
def test_a_text_with_a_separator_of_lines_is_one_row(tmp_path: Path, inside: str) -> None:
    rows = [{"doc_id": k, "filtered_resps": [f"a{inside}{k}"]} for k in range(2)]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    found = read_lm_eval(put(tmp_path / "samples_a.jsonl", "\r\n".join(lines)))
    assert found.categories == (f"a{inside}0", f"a{inside}1")


def test_options_and_filters(tmp_path: Path) -> None:
    options = [[[-1.5, False], [-0.5, True]], [["-0.1", "True"], ["-0.5", "False"]]]
    lines = [json.dumps({"doc_id": k, "filtered_resps": held}) for k, held in enumerate(options)]
    found = read_lm_eval(put(tmp_path / "samples_a.jsonl", "\n".join(lines)))
    assert found.categories == (0, 1)
    two = [json.dumps({"doc_id": 0, "filter": f, "filtered_resps": [f]}) for f in ("x", "y")]
    path = put(tmp_path / "samples_b.jsonl", "\n".join(two))
    with pytest.raises(DataError, match=r"the filters \['x', 'y'\]; name one"):
        read_lm_eval(path)
    assert read_lm_eval(path, filter="y").categories == ("y",)


def samples_at(path: Path, *said: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"doc_id": k, "filtered_resps": [text]} for k, text in enumerate(said)]
    return put(path, "\n".join(map(json.dumps, rows)))


@pytest.mark.parametrize(
    ("folders", "raters"),
    [
        (("gpt/run", "llama/run"), ("gpt/run", "llama/run")),
        (("s1/gpt", "s2/gpt", "s2/llama"), ("s1/gpt", "s2/gpt", "s2/llama")),
        (("s1/gpt", "s2/llama"), ("gpt", "llama")),
    ],
)
def test_models_are_named_by_what_tells_their_folders_apart(
    folders: tuple[str, ...], raters: tuple[str, ...], tmp_path: Path
) -> None:
    files = [samples_at(tmp_path / folder / "samples_t.jsonl", "yes", "no") for folder in folders]
    found = read_lm_eval(files)
    assert (found.raters, found.n_items, found.n_labels) == (raters, 2, 2 * len(files))


def test_tasks_of_a_model_are_no_raters(tmp_path: Path) -> None:
    files = [
        samples_at(tmp_path / model / f"samples_{task}_2026-01-02T03-04-05.678.jsonl", "yes", "no")
        for model in ("gpt", "llama")
        for task in ("arith_2", "history")
    ]
    found = read_lm_eval(files)
    assert found.raters == ("gpt", "llama")
    assert set(found.items) == {"arith_2 | 0", "arith_2 | 1", "history | 0", "history | 1"}
    assert read_lm_eval(files[::2]).items == (0, 1)
    again = samples_at(tmp_path / "gpt" / "samples_history_2026-02-02T03-04-05.678.jsonl", "yes")
    with pytest.raises(DataError, match="are of the same task 'history' and model"):
        read_lm_eval([*files, again])
    unclear = [samples_at(tmp_path / "m" / f"samples_{name}.jsonl", "yes") for name in "ab"]
    with pytest.raises(DataError, match="does not tell whether by task or by model; name files"):
        read_lm_eval(unclear)


def test_a_response_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    def responses(*given: Any) -> Path:
        rows = [{"doc_id": k, "filtered_resps": held} for k, held in enumerate(given)]
        return put(tmp_path / "samples_a.jsonl", "\n".join(map(json.dumps, rows)))

    with pytest.raises(DataError, match="record 0: the log-likelihood of option 1 is nan"):
        read_lm_eval(responses([[-1.0, False], [float("nan"), False], [-0.5, True]]))
    with pytest.raises(DataError, match="record 0: the log-likelihood of option 0 is 'yes'"):
        read_lm_eval(responses([["yes", "no"]]))
    with pytest.raises(DataError, match=r"record 1 has 3 responses \('yes', 'no', 'no'\); name a"):
        read_lm_eval(responses(["yes"], ["yes", "no", "no"]))
    with pytest.raises(LabelError, match=r"holds True \(bool\) and 1 \(int\), which are equal"):
        read_lm_eval(responses([True], [1]))
    assert read_lm_eval(responses([[-np.inf, False], [-3.0, True]])).categories == (1,)


# -- preferences -------------------------------------------------------------------------


def test_alpaca_eval_draws_and_shares(tmp_path: Path) -> None:
    preferences = [1.0, 2.0, 1.25, 1.5, 0, None]
    rows = [{"generator_1": "base", "generator_2": "new", "preference": p} for p in preferences]
    votes = read_alpaca_eval(put(tmp_path / "annotations.json", rows))
    assert not votes.order_known
    assert votes.dropped == {"no preference": 1}
    assert (votes.first_won.sum(), votes.second_won.sum(), votes.tied.sum()) == (1.75, 1.25, 2.0)
    with pytest.raises(DataError, match="`paths` hold no preference"):
        read_alpaca_eval(put(tmp_path / "none.json", rows[5:]))
    rows[0]["preference"] = 2.5
    with pytest.raises(
        DataError, match=r"record 0: the preference is 2\.5; it must be in \[1, 2\]"
    ):
        read_alpaca_eval(put(tmp_path / "bad.json", rows))


def test_alpaca_eval_against_the_published_rates(test_data: Path, tmp_path: Path) -> None:
    table = pd.read_csv(test_data / "alpaca_eval" / "alpaca_eval2_prefs_dev.csv")
    published = json.loads((test_data / "alpaca_eval" / "leaderboard_dev.json").read_text())
    for model in list(published)[:5]:
        preference = table[f"{model}|pref"]
        rows = [{"generator_1": "base", "generator_2": model, "preference": p} for p in preference]
        votes = read_alpaca_eval(put(tmp_path / "annotations.json", rows))
        won = votes.first_won if votes.items[0] == model else votes.second_won
        share = (won.sum() + votes.tied.sum() / 2) / votes.n_votes
        assert 100 * share == pytest.approx(published[model]["win_rate"], abs=1e-9)
        rate = win_rate(preference.dropna() - 1)
        assert 100 * rate.stderr == pytest.approx(published[model]["standard_error"], abs=1e-9)


@pytest.mark.parametrize("ending", ["json", "jsonl", "csv", "parquet"])
def test_arena_battles_in_every_format(ending: str, tmp_path: Path) -> None:
    winners = ["model_a", "model_b", "tie", "tie (bothbad)", "both_bad"]
    rows = [{"model_a": "x", "model_b": "y", "winner": winner} for winner in winners]
    path = tmp_path / f"battles.{ending}"
    if ending == "csv":
        pd.DataFrame(rows).to_csv(path, index=False)
    elif ending == "parquet":
        pd.DataFrame(rows).to_parquet(path)
    else:
        put(path, rows if ending == "json" else "\n".join(map(json.dumps, rows)))
    votes = read_arena(path)
    assert votes.order_known
    assert (votes.first_won.sum(), votes.second_won.sum(), votes.tied.sum()) == (1, 1, 3)
    fewer = read_arena(path, both_bad="drop")
    assert (fewer.n_votes, fewer.dropped) == (3, {"both bad": 2})


def test_versions_in_a_csv_file_stay_text(tmp_path: Path) -> None:
    path = put(tmp_path / "battles.csv", "model_a,model_b,winner\n4.1,4.10,model_a\n4.1,5,tie\n")
    assert read_arena(path).items == ("4.1", "4.10", "5")
    judged = "task_id,criterion_id,model,judgement\n1,2,4.1,yes\n1.0,2,4.10,no\n"
    found = read_morebench(put(tmp_path / "judged.csv", judged))
    assert (found.raters, found.items) == (("4.1", "4.10"), ("1 | 2", "1.0 | 2"))


def test_names_that_differ_by_a_blank_are_not_merged(tmp_path: Path) -> None:
    rows = [{"model_a": a, "model_b": "x", "winner": "tie"} for a in ("4.1", "4.1 ")]
    with pytest.raises(LabelError, match=r"'4\.1' \(str\) and '4\.1 ' \(str\), which look alike"):
        read_arena(put(tmp_path / "battles.json", rows))


def test_arena_rows_that_cannot_be_votes(tmp_path: Path) -> None:
    row = {"model_a": "x", "model_b": "y", "winner": "model_c"}
    with pytest.raises(DataError, match="record 0: the winner is 'model_c'; it must be one of"):
        read_arena(put(tmp_path / "a.json", [row]))
    with pytest.raises(DataError, match="record 0 has no field 'winner'"):
        read_arena(put(tmp_path / "b.json", [{"model_a": "x"}]))
    row = {"model_a": "x", "model_b": "x", "winner": "tie"}
    with pytest.raises(DataError, match="compares 'x' with itself"):
        read_arena(put(tmp_path / "c.json", [row]))


def test_morebench_judgements(test_data: Path) -> None:
    path = test_data / "morebench" / "comparison_judgements_dev.csv"
    table = pd.read_csv(path)
    found = read_morebench(path, as_published=True)
    text = table["judgement"].str.lower()
    unclear = ~text.str.contains("yes") & ~text.str.contains("no")
    assert found.n_labels == len(table) - unclear.sum()
    assert found.dropped.get("no verdict", 0) == unclear.sum()
    assert set(found.raters) == set(table["model"])
    yes = float(found.counts().sel(category="yes").sum())
    assert yes == text.str.contains("yes").sum()
    strict = read_morebench(path)
    assert strict.n_labels < found.n_labels


# -- hostile files -----------------------------------------------------------------------


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
@pytest.mark.parametrize(
    "content",
    ["", "{", "[1, 2]", "[]", "{}", "null", '"text"', "[" * 100_000, "[[]]", '[{"a": 1}]', "\x00"],
    ids=range(11),
)
def test_what_is_no_such_file_is_refused_by_name(reader: Any, content: str, tmp_path: Path) -> None:
    for ending in ("json", "jsonl"):
        path = put(tmp_path / f"hostile.{ending}", content)
        with pytest.raises(DataError, match=r"hostile\.|`paths` hold no"):
            reader(path)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_a_key_that_stands_twice_is_refused(reader: Any, tmp_path: Path) -> None:
    for ending in ("json", "jsonl"):
        path = put(tmp_path / f"a.{ending}", '{"preference": 1, "preference": 2}')
        with pytest.raises(DataError, match="the key 'preference' stands twice in one object"):
            reader(path)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_a_file_that_is_named_twice_is_refused(reader: Any, tmp_path: Path) -> None:
    path = put(tmp_path / "held[1].json", [])
    with pytest.raises(DataError, match=r"one file is named twice .* its rows would count twice"):
        reader([path, tmp_path / ".." / tmp_path.name / "held[1].json"])


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_places_that_are_no_files(reader: Any, tmp_path: Path) -> None:
    for address in ("https://example.org/a.json", "s3://bucket/a.json", "file:///etc/passwd"):
        with pytest.raises(DataError, match=r"is the address .*; download it first"):
            reader(address)
    for place in (tmp_path / "absent.json", tmp_path):
        with pytest.raises(DataError, match="which is not a file"):
            reader(place)
    for wrong in (None, 3, [], b"path", {"a": 1}):
        with pytest.raises(DataError, match="`paths"):
            reader(wrong)
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(DataError, match=r"binary\.json"):
        reader(tmp_path / "binary.json")
    (tmp_path / "pickle.parquet").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(DataError, match=r"pickle\.parquet"):
        reader(tmp_path / "pickle.parquet")


def test_numpy_is_not_needed_to_be_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "battles.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"battles\.npy"):
        read_arena(tmp_path / "battles.npy")
