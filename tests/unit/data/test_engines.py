"""The same cells, exactly, from every engine, for all three containers."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pluralism import Annotations, Ballots, Comparisons, DataError

SHARDS = 3


@pytest.fixture(scope="module")
def spark():
    """A local Spark, or a skip that says what is missing; no skip where Spark must be there."""
    if os.environ.get("PLURALISM_TEST_SPARK"):
        import pyspark.sql as sql
    else:
        sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed (extra `spark`)")
        if shutil.which("java") is None:
            pytest.skip("Spark needs Java, which is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # PySpark's, on pandas 3
        session = (
            sql.SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .getOrCreate()
        )
        yield session
        session.stop()


@pytest.fixture(scope="module")
def votes() -> pd.DataFrame:
    """Votes with everything that a cell can hold; every sum of weights is exact in float64."""
    rng = np.random.default_rng(11)
    n = 600
    first = rng.integers(0, 6, n)
    rater = rng.integers(0, 25, n)
    share = rng.integers(0, 5, n) / 4
    frame = pd.DataFrame(
        {
            "first": np.array(list("abcdéf"))[first],
            "second": np.array(list("abcdéf"))[(first + rng.integers(1, 6, n)) % 6],
            "word": rng.choice(["first", "second", "tie"], n),
            "share": share,
            "w": rng.integers(1, 9, n) / 8,
            "small": rng.integers(1, 120, n).astype(np.int8),
            "rater": rater,
            "country": np.array(["x", "y"])[rater % 2],
            "age": np.array(["young", "old", "older"])[rater % 3],
            "length": rng.integers(0, 3, n) / 2,
        }
    )
    frame["gap"] = frame["rater"].where(rng.random(n) > 0.1)  # a float column with NaN
    frame["who"] = frame["rater"].map("r{}".format).where(rng.random(n) > 0.1, None)
    frame["said"] = frame["word"].where(rng.random(n) > 0.1, None)
    return frame


def _shards(frame: pd.DataFrame) -> list[pd.DataFrame]:
    return [frame.iloc[place::SHARDS].reset_index(drop=True) for place in range(SHARDS)]


def _spark_frame(frame: pd.DataFrame, request, folder) -> Any:
    session = request.getfixturevalue("spark")
    frame.to_parquet(folder / "spark.parquet")
    return session.read.parquet(str(folder / "spark.parquet"))


def _files(frame: pd.DataFrame, folder, suffix: str) -> str:
    for place, shard in enumerate(_shards(frame)):
        path = folder / f"{place}{suffix}"
        if suffix == ".parquet":
            shard.to_parquet(path)
        elif suffix == ".csv":
            shard.to_csv(path, index=False)
        else:
            shard.to_json(path, orient="records", lines=True, force_ascii=False)
    return str(folder / f"*{suffix}")


def _ibis(frame: pd.DataFrame, request, folder) -> Any:
    ibis = pytest.importorskip("ibis")
    frame.to_parquet(folder / "ibis.parquet")
    return ibis.duckdb.connect().read_parquet(folder / "ibis.parquet")


def _dask(frame: pd.DataFrame, request, folder) -> Any:
    return pytest.importorskip("dask.dataframe").from_pandas(frame, npartitions=SHARDS)


ENGINES: dict[str, Callable[..., Any]] = {
    "polars": lambda f, r, d: pytest.importorskip("polars").from_pandas(f),
    "polars-lazy": lambda f, r, d: pytest.importorskip("polars").from_pandas(f).lazy(),
    "pyarrow": lambda f, r, d: pytest.importorskip("pyarrow").Table.from_pandas(f),
    "duckdb": lambda f, r, d: pytest.importorskip("duckdb").from_df(f),
    "parquet-glob": lambda f, r, d: _files(f, d, ".parquet"),
    "csv-glob": lambda f, r, d: _files(f, d, ".csv"),
    "jsonl-glob": lambda f, r, d: _files(f, d, ".jsonl"),
    "dask": _dask,
    "ibis": _ibis,
    "spark": _spark_frame,
}

CASES = {
    "bare": {"outcome": "word"},
    "everything": {
        "outcome": "word",
        "weight": "w",
        "rater": "rater",
        "group": ["country", "age"],
        "covariates": ["length"],
    },
    "soft": {"outcome": "share", "weight": "w", "rater": "rater"},
    "weights of int8": {"outcome": "word", "weight": "small"},
    "dropped": {
        "outcome": "said",
        "rater": "who",
        "covariates": ["gap"],
        "weight": "w",
        "missing": "drop",
    },
}


def fields_of(container: Any) -> dict[str, Any]:
    """Everything that a container holds, as plain values."""
    found = {}
    for name in type(container).__dataclass_fields__:
        value = getattr(container, name)
        if name == "groups":
            value = {key: (g.labels, g.codes.tolist()) for key, g in value.items()}
        elif name == "covariates":
            value = {key: column.tolist() for key, column in value.items()}
        elif isinstance(value, np.ndarray):
            value = value.tolist()
        found[name] = value
    return found


@pytest.mark.parametrize(
    "engine", [pytest.param(e, marks=[pytest.mark.slow] if e == "spark" else []) for e in ENGINES]
)
class TestEngines:
    """One class, so that a file of shards is written once a case and Spark starts once."""

    @pytest.mark.slow
    @pytest.mark.parametrize("case", CASES)
    def test_comparisons(self, votes, engine, case, request, tmp_path):
        columns = {"first": "first", "second": "second", **CASES[case]}
        expected = Comparisons.from_frame(votes, **columns)
        found = Comparisons.from_frame(ENGINES[engine](votes, request, tmp_path), **columns)
        assert fields_of(found) == fields_of(expected)

    def test_winners_as_labels(self, votes, engine, request, tmp_path):
        won = votes.assign(
            winner=np.select(
                [votes["word"] == "first", votes["word"] == "second"],
                [votes["first"], votes["second"]],
                default="tie",
            )
        )
        columns = {"first": "first", "second": "second", "winner": "winner"}
        expected = Comparisons.from_frame(votes, first="first", second="second", outcome="word")
        found = Comparisons.from_frame(ENGINES[engine](won, request, tmp_path), **columns)
        assert fields_of(found) == fields_of(expected)

    @pytest.mark.slow
    def test_annotations(self, votes, engine, request, tmp_path):
        columns = {
            "item": "first",
            "rater": "who",
            "label": "length",
            "group": "country",
            "weight": "w",
            "scale": "interval",
            "missing": "drop",
        }
        expected = Annotations.from_frame(votes, **columns)
        found = Annotations.from_frame(ENGINES[engine](votes, request, tmp_path), **columns)
        assert fields_of(found) == fields_of(expected)

    @pytest.mark.slow
    def test_ballots(self, engine, request, tmp_path):
        rng = np.random.default_rng(2)
        rows = pd.DataFrame(
            [
                {"who": f"v{who}", "what": what, "place": place + 1, "n": who % 3 + 1}
                for who in range(20)
                for place, what in enumerate(rng.permutation(list("abcd"))[: 2 + who % 3])
            ]
        )
        columns = {"voter": "who", "alternative": "what", "rank": "place", "count": "n"}
        expected = Ballots.from_frame(rows, **columns)
        found = Ballots.from_frame(ENGINES[engine](rows, request, tmp_path), **columns)
        assert fields_of(found) == fields_of(expected)
        assert found.n_voters == sum(who % 3 + 1 for who in range(20))

    def test_what_is_missing_is_said(self, votes, engine, request, tmp_path):
        columns = {"first": "first", "second": "second", "outcome": "said"}
        source = ENGINES[engine](votes, request, tmp_path)
        message = rf"column 'said' has no value in {votes['said'].isna().sum()} row"
        with pytest.raises(DataError, match=message):
            Comparisons.from_frame(source, **columns)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["polars-lazy", "pyarrow", "duckdb", "dask"])
@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("w", -0.5, "holds -0.5"),
        ("w", np.inf, "holds inf"),
        ("big", 2**53 + 1, r"below 2\*\*53 to be exact"),
        ("share", 1.5, "must be in"),
    ],
)
def test_one_bad_number_is_found_in_every_engine(
    votes, engine, column, value, message, request, tmp_path
):
    rows = votes.assign(big=1)
    rows.loc[417, column] = value
    columns = {"outcome": "share"} if column == "share" else {"outcome": "word", "weight": column}
    for source in (rows, ENGINES[engine](rows, request, tmp_path)):
        with pytest.raises(DataError, match=message):
            Comparisons.from_frame(source, first="first", second="second", **columns)


@pytest.mark.slow
def test_categories_may_differ_between_partitions(votes):
    dd = pytest.importorskip("dask.dataframe")
    parts = [
        shard.astype({"first": "category", "second": "category", "word": "category"})
        for shard in (votes[votes["first"] < "c"], votes[votes["first"] >= "c"])
    ]
    source = dd.concat([dd.from_pandas(part, npartitions=2) for part in parts])
    columns = {"first": "first", "second": "second", "outcome": "word", "weight": "w"}
    found = Comparisons.from_frame(source, **columns)
    assert fields_of(found) == fields_of(Comparisons.from_frame(votes, **columns))


@pytest.mark.parametrize("index", ["int8", "uint8", "int32"])
def test_arrow_dictionaries_may_differ_between_chunks(votes, index):
    pa = pytest.importorskip("pyarrow")
    kind = pa.dictionary(getattr(pa, index)(), pa.string())
    chunks = {
        name: [pa.array(shard[name], pa.string()).cast(kind) for shard in _shards(votes)]
        for name in ("first", "second", "said")
    }
    assert not chunks["first"][0].dictionary.equals(chunks["first"][1].dictionary)
    table = pa.table({name: pa.chunked_array(parts) for name, parts in chunks.items()})
    columns = {"first": "first", "second": "second", "outcome": "said", "missing": "drop"}
    in_order = pd.concat(_shards(votes))
    expected = fields_of(Comparisons.from_frame(in_order, **columns))
    assert fields_of(Comparisons.from_frame(table, **columns)) == expected


def test_a_null_or_a_nan_inside_a_dictionary_is_missing():
    pa = pytest.importorskip("pyarrow")
    words = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, 0]), pa.array(["a", None, "b"]))
    table = pa.table({"x": words, "y": ["c"] * 4, "r": [1.0, 1.0, float("nan"), 0.0]})
    columns = {"first": "x", "second": "y", "outcome": "r"}
    with pytest.raises(DataError, match="column 'x' has no value in 1 row"):
        Comparisons.from_frame(table, **columns)
    found = Comparisons.from_frame(table, **columns, missing="drop")
    assert (found.items, found.dropped) == (("a", "c"), {"no x": 1, "no r": 1})


def test_a_categorical_whose_codes_have_gaps(votes):
    pl = pytest.importorskip("polars")
    table = pl.from_pandas(votes).with_columns(
        pl.col("first").cast(pl.Categorical), pl.col("said").cast(pl.Categorical)
    )
    kept = table.filter(pl.col("first") > "b", pl.col("second") > "b")
    columns = {"first": "first", "second": "second", "outcome": "said", "missing": "drop"}
    expected = Comparisons.from_frame(votes.query("first > 'b' and second > 'b'"), **columns)
    assert fields_of(Comparisons.from_frame(kept, **columns)) == fields_of(expected)


@pytest.mark.parametrize("engine", ["pandas", "polars-lazy", "pyarrow", "duckdb"])
@pytest.mark.parametrize("kind", ["Datetime", "Decimal", "List"])
def test_what_cannot_be_a_label_is_refused_alike(engine, kind, request, tmp_path):
    pa = pytest.importorskip("pyarrow")
    values = {
        "Datetime": pa.array([0, 10**15], pa.timestamp("us")),
        "Decimal": pa.array(["1.10", "2.20"]).cast(pa.decimal128(5, 2)),
        "List": pa.array([["a"], ["b"]]),
    }
    table = pa.table({"x": values[kind], "y": ["c", "d"], "r": ["first", "tie"]})
    if engine == "pandas":
        source = table.to_pandas(types_mapper=pd.ArrowDtype)
    elif engine == "pyarrow":
        source = table
    elif engine == "duckdb":
        source = pytest.importorskip("duckdb").from_arrow(table)
    else:
        source = pytest.importorskip("polars").from_arrow(table).lazy()
    with pytest.raises(DataError, match=rf"column 'x' holds {kind}.*cannot be a label"):
        Comparisons.from_frame(source, first="x", second="y", outcome="r")


def test_decimals_are_numbers_where_numbers_are_meant():
    pa = pytest.importorskip("pyarrow")
    half = pa.array(["0.50", "1.25", "1.00"]).cast(pa.decimal128(5, 2))
    table = pa.table({"x": ["a", "b", "a"], "y": ["b", "c", "c"], "r": ["first"] * 3, "w": half})
    duckdb = pytest.importorskip("duckdb")
    columns = {"first": "x", "second": "y", "outcome": "r"}
    for source in (table, duckdb.from_arrow(table)):
        found = Comparisons.from_frame(source, **columns, weight="w", covariates=[])
        assert found.first_won.tolist() == [0.5, 1.0, 1.25]
        kept = Comparisons.from_frame(source, **columns, covariates=["w"])
        assert kept.covariates["w"].tolist() == [0.5, 1.0, 1.25]


@pytest.mark.parametrize("engine", ["polars", "polars-lazy", "pyarrow", "duckdb"])
def test_booleans_are_labels(engine, request, tmp_path):
    rows = pd.DataFrame({"x": [True, False, True], "y": [False, True, False], "r": [True] * 3})
    columns = {"first": "x", "second": "y", "outcome": "r"}
    found = Comparisons.from_frame(ENGINES[engine](rows, request, tmp_path), **columns)
    assert [repr(item) for item in found.items] == ["False", "True"]
    assert fields_of(found) == fields_of(Comparisons.from_frame(rows, **columns))
