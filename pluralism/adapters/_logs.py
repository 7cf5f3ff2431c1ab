"""Logs of evaluation harnesses, as annotations."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..data import Annotations
from ..errors import DataError, PluralismError, first_line
from ._containers import Row, annotated
from ._files import LARGEST_FILE, field, paths_of, read_json, read_records
from ._reading import is_absent, label, plain

__all__ = ["read_inspect", "read_lm_eval"]

_ZSTANDARD = 93


def read_inspect(
    paths: Any,
    *,
    rater: str = "scorer",
    value: str = "value",
    scorers: Sequence[str] | None = None,
    scale: str = "nominal",
    categories: Iterable[Any] | None = None,
) -> Annotations:
    """Read logs of inspect_ai: who gave which score to which sample.

    Parameters
    ----------
    paths : path or list of paths
        Files ``.eval`` or ``.json``. The former need the package ``zstandard``, which comes with
        inspect_ai.
    rater : {"scorer", "epoch", "model"}
        Who counts as a rater: each scorer, each epoch (how far a model agrees with itself) or
        each model (over several logs). Whatever else differs makes an item of its own.
    value : {"value", "answer"}
        Whether labels are the scores or the answers that the scorer extracted.
    scorers : sequence of str, optional
        Scorers to read; by default all. Where scorers are not the raters there must be one.
    scale, categories
        As in `Annotations.from_matrix`.

    Returns
    -------
    Annotations
        One item a sample. A list of what several judges said gives one label each; who said what
        is then unknown, since inspect_ai leaves out judges without a score. Samples without a
        score are counted in `dropped`.

    Raises
    ------
    DataError
        If a file is no log, or holds no score.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> from pluralism.adapters import read_inspect
    >>> log = {"eval": {"model": "m"}, "samples": [
    ...     {"id": 1, "epoch": 1, "scores": {"kind": {"value": "C"}, "safe": {"value": "I"}}},
    ...     {"id": 2, "epoch": 1, "scores": {"kind": {"value": "C"}, "safe": {"value": "C"}}}]}
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "log.json"
    >>> _ = path.write_text(json.dumps(log))
    >>> read_inspect(path)
    Annotations(2 items; 4 labels by 2 raters; 2 nominal categories)
    """
    from .. import _validate

    _validate.one_of("rater", rater, ("scorer", "epoch", "model"))
    _validate.one_of("value", value, ("value", "answer"))
    rows: list[Row] = []
    unknown, unscored = False, 0
    for path in paths_of("paths", paths):
        model, samples = _inspect_log(path)
        for place, sample in enumerate(samples):
            where = f"{path}: sample {place}"
            scores = _scores(sample, where, scorers, rater)
            names = {"epoch": sample.get("epoch", 1), "model": model}
            for scorer, score in scores.items():
                names["scorer"] = scorer
                given = plain(score.get(value)) if isinstance(score, dict) else None
                if is_absent(given):
                    unscored += 1
                    continue
                item = _item(field(sample, "id", where), names, rater)
                who = names[rater]
                if isinstance(given, list):
                    unknown = True
                    said = [entry for entry in given if not is_absent(entry)]
                    rows += [(item, who, label(entry, f"{where}, {scorer}")) for entry in said]
                else:
                    rows.append((item, who, label(given, f"{where}, {scorer}")))
    return annotated(rows, unknown, {"unscored": unscored}, scale, categories, "score")


def read_lm_eval(
    paths: Any,
    *,
    value: str = "response",
    filter: str | None = None,
    scale: str = "nominal",
    categories: Iterable[Any] | None = None,
) -> Annotations:
    r"""Read samples that lm-evaluation-harness logged: what each model answered to each document.

    Parameters
    ----------
    paths : path or list of paths
        Files ``samples_*.jsonl``, one a model. The model's name is that of the file's folder, as
        the harness writes them; that of the file, where two share a folder.
    value : str
        "response": the filtered response, or the position of the likeliest option; or the name of
        a logged metric.
    filter : str, optional
        Which filter's responses to read, where there are several.
    scale, categories
        As in `Annotations.from_matrix`.

    Returns
    -------
    Annotations
        Items are documents, raters are models. Documents without a response are counted in
        `dropped`.

    Raises
    ------
    DataError
        If a file holds something else, or several filters and none was chosen.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> from pluralism.adapters import read_lm_eval
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for model, answers in {"small": ["yes", "no"], "large": ["yes", "yes"]}.items():
    ...     lines = [json.dumps({"doc_id": k, "filter": "none", "filtered_resps": [said]})
    ...              for k, said in enumerate(answers)]
    ...     (folder / model).mkdir()
    ...     _ = (folder / model / "samples_survey.jsonl").write_text("\n".join(lines))
    >>> files = sorted(folder.glob("*/*.jsonl"))
    >>> read_lm_eval(files).raters
    ('large', 'small')
    """
    files = paths_of("paths", paths)
    folders = [path.parent.name for path in files]
    models = folders if len(set(folders)) == len(files) else [path.stem for path in files]
    rows: list[Row] = []
    silent = 0
    for path, model in zip(files, models, strict=True):
        records = read_records(path)
        filters = {str(record.get("filter", "none")) for record in records}
        if filter is None and len(filters) > 1:
            raise DataError(f"{path} has responses of the filters {sorted(filters)}; name one")
        for place, record in enumerate(records):
            if filter is not None and str(record.get("filter", "none")) != filter:
                continue
            where = f"{path}: record {place}"
            given = _response(record, where) if value == "response" else field(record, value, where)
            if is_absent(plain(given)):
                silent += 1
                continue
            rows.append((label(field(record, "doc_id", where), where), model, label(given, where)))
    return annotated(rows, False, {"no response": silent}, scale, categories, "response")


def _response(record: Mapping[str, Any], where: str) -> Any:
    """Return what a model said: its text, or the position of the likeliest option."""
    said = field(record, "filtered_resps", where)
    said = said if isinstance(said, list) else [said]
    likelihoods = [entry[0] for entry in said if isinstance(entry, list) and len(entry) == 2]
    if len(likelihoods) == len(said) > 0:
        numbers = [float(entry) for entry in likelihoods]
        return numbers.index(max(numbers))
    return said[0] if said else None


def _scores(sample: Any, where: str, wanted: Sequence[str] | None, rater: str) -> dict[str, Any]:
    if not isinstance(sample, dict):
        raise DataError(f"{where} is a {type(sample).__name__}, not a mapping")
    scores = sample.get("scores") or {}
    if not isinstance(scores, dict):
        raise DataError(f"{where} has scores that are a {type(scores).__name__}, not a mapping")
    if wanted is not None:
        scores = {name: field(scores, name, where) for name in wanted}
    if rater != "scorer" and len(scores) > 1:
        raise DataError(f"{where} has the scorers {sorted(scores)}; name one by `scorers`")
    return scores


def _item(sample: Any, names: Mapping[str, Any], rater: str) -> Hashable:
    """Label a sample, and what makes it an item of its own."""
    parts = [str(sample)]
    if rater != "epoch" and names["epoch"] != 1:
        parts.append(f"epoch {names['epoch']}")
    if rater != "model":
        parts.append(str(names["model"]))
    return parts[0] if len(parts) == 1 else " | ".join(parts)


def _inspect_log(path: Path) -> tuple[str, list[Any]]:
    """Return the model's name and the samples of a log."""
    if path.suffix != ".eval":
        log = read_json(path.read_bytes(), str(path))
        if not isinstance(log, dict) or "eval" not in log:
            raise DataError(f"{path} is no log of inspect_ai: it has no field 'eval'")
        return _model(log, path), list(log.get("samples") or [])
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            if sum(entry.file_size for entry in entries.values()) > LARGEST_FILE:
                raise DataError(f"{path} unpacks to more than 4 GiB, which are not read")
            if "header.json" not in entries:
                raise DataError(f"{path} is no complete log: it has no header.json")
            log = read_json(_entry(archive, entries["header.json"], path), f"{path}: header.json")
            samples = [
                read_json(_entry(archive, entry, path), f"{path}: {name}")
                for name, entry in entries.items()
                if name.startswith("samples/") and name.endswith(".json")
            ]
    except PluralismError:
        raise
    except Exception as error:  # zipfile has a dozen kinds of errors for a damaged archive
        raise DataError(f"{path} is no log of inspect_ai ({first_line(error)})") from error
    return _model(log, path), samples


def _model(log: Any, path: Path) -> str:
    about = log.get("eval") if isinstance(log, dict) else None
    return str(field(about if isinstance(about, dict) else {}, "model", str(path)))


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> bytes:
    """Read one file of an archive; Python's own zipfile has no Zstandard before 3.14."""
    if entry.compress_type != _ZSTANDARD:
        return archive.read(entry)
    try:
        import zstandard
    except ImportError:
        raise DataError(
            f"{path} is compressed with Zstandard; `pip install zstandard`, or write the log as "
            "JSON (`inspect log convert --to json`)"
        ) from None
    with path.open("rb") as file:
        file.seek(entry.header_offset)
        header = struct.unpack("<4s22xHH", file.read(30))
        file.seek(header[1] + header[2], 1)
        packed = file.read(entry.compress_size)
    try:
        # No more than the directory says, whatever the frame says.
        reader = zstandard.ZstdDecompressor().stream_reader(packed)
        content = reader.read(entry.file_size)
    except zstandard.ZstdError as error:
        raise DataError(f"{path}: {entry.filename} is damaged ({first_line(error)})") from None
    if zlib.crc32(content) != entry.CRC:
        raise DataError(f"{path}: {entry.filename} is damaged (its checksum differs)")
    return content
