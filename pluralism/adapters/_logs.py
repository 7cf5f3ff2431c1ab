"""Logs of evaluation harnesses, as annotations."""

from __future__ import annotations

import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..data import Annotations
from ..errors import DataError, PluralismError, enumerate_some, first_line
from ._containers import Row, Texts, annotated
from ._files import LARGEST_FILE, field, paths_of, read_json, read_records
from ._reading import is_absent, label, name, plain, unreadable

__all__ = ["read_inspect", "read_lm_eval"]

_ZSTANDARD = 93
#: How lm-evaluation-harness names a file of samples; old releases write no date.
_SAMPLES = re.compile(r"(?:samples_)?(.+?)(_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:[.-]\d+)?)?")


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
        each model (over several logs). Whatever else differs (sample, epoch, model, and the task
        where the logs are of several) makes an item of its own and is part of its label.
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
        score are counted in `dropped`. Blanks around a label do not count.

    Raises
    ------
    DataError
        If a file is no log, is named twice, or holds no score; or a sample of one task, model and
        epoch is there twice.
    LabelError
        If two items would share one label, or a label is written in two ways.

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
    logs = [_inspect_log(path) for path in paths_of("paths", paths)]
    several = len({log.task for log in logs}) > 1
    texts, met = Texts("items"), dict[Any, str]()
    for log in logs:
        for place, sample in enumerate(log.samples):
            where = f"{log.path}: sample {place}"
            scores = _scores(sample, where, scorers, rater)
            number, epoch = field(sample, "id", where), sample.get("epoch", 1)
            other = met.setdefault(repr((log.task, log.model, number, epoch)), where)
            if other != where:
                raise DataError(
                    f"{where} is sample {number!r} of task {log.task!r}, model {log.model!r} and "
                    f"epoch {epoch!r}, as is {other}; it would count twice: read one run at a time"
                )
            names = {"epoch": epoch, "model": log.model}
            for scorer, score in scores.items():
                names["scorer"] = scorer
                given = plain(score.get(value)) if isinstance(score, dict) else None
                if is_absent(given):
                    unscored += 1
                    continue
                item = _item(texts, log.task if several else None, number, names, rater)
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
        Files ``samples_TASK_DATE.jsonl`` in one folder a model, as the harness writes them. A
        model is named by its folder, with the folders above it as far as they tell models apart.
    value : str
        "response": the filtered response, or the position of the likeliest option (the first of
        equals); or the name of a logged metric.
    filter : str, optional
        Which filter's responses to read, where there are several.
    scale, categories
        As in `Annotations.from_matrix`.

    Returns
    -------
    Annotations
        Items are documents (of several tasks: task and document), raters are models. Documents
        without a response are counted in `dropped`. Blanks around a label do not count.

    Raises
    ------
    DataError
        If a file holds something else, is named twice, or is of a task that cannot be told from
        its name; or a document has several filters and none was chosen, or several responses.
    LabelError
        If two items would share one label, or a label is written in two ways.

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
    tasks = _tasks(files)
    several = len(set(tasks)) > 1
    texts = Texts("items")
    rows: list[Row] = []
    silent = 0
    for path, model, task in zip(files, _models(files), tasks, strict=True):
        records = read_records(path, labels=("doc_id", "filter", "filtered_resps"))
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
            document = name(field(record, "doc_id", where), where)
            item = texts.of((task, document)) if several else document
            rows.append((item, model, label(given, where)))
    return annotated(rows, False, {"no response": silent}, scale, categories, "response")


def _tasks(files: Sequence[Path]) -> list[str]:
    """Tasks of files of samples, by their names; two files of one task need two folders."""
    matches = [re.fullmatch(_SAMPLES, path.stem) for path in files]
    tasks = [path.stem if not m else m[1] for path, m in zip(files, matches, strict=True)]
    undated = [path for path, m in zip(files, matches, strict=True) if not m or not m[2]]
    if len(set(tasks)) > 1 and undated:
        raise DataError(
            f"the names of `paths` differ ({enumerate_some(sorted(set(tasks)), 3)}), and that of "
            f"{undated[0]} does not tell whether by task or by model; name files "
            "samples_TASK_DATE.jsonl as the harness does, or alike, each in a folder of its model"
        )
    known: dict[Any, Path] = {}
    for path, task in zip(files, tasks, strict=True):
        other = known.setdefault((_folder(path), task), path)
        if other is not path:
            raise DataError(
                f"{other} and {path} are of the same task {task!r} and model, whose documents "
                "would count twice; read one of them, or put them into folders of their own"
            )
    return tasks


def _models(files: Sequence[Path]) -> list[str]:
    """Name models by the shortest tails of their folders' paths that tell these apart."""
    folders = [_folder(path).parts for path in files]
    tails, length = folders, 1
    for length in range(1, max(map(len, folders)) + 1):
        tails = [folder[-length:] for folder in folders]
        if len(set(tails)) == len(set(folders)):
            break
    return ["/".join(tail) for tail in tails]


def _folder(path: Path) -> Path:
    return Path(os.path.abspath(path)).parent


def _response(record: Mapping[str, Any], where: str) -> Any:
    """Return what a model said: its text, or the position of the likeliest option."""
    said = field(record, "filtered_resps", where)
    said = said if isinstance(said, list) else [said]
    if said and all(isinstance(entry, list) and len(entry) == 2 for entry in said):
        numbers = [
            _log_likelihood(entry[0], f"{where}: the log-likelihood of option {option}")
            for option, entry in enumerate(said)
        ]
        return numbers.index(max(numbers))
    if len(said) > 1:
        raise DataError(
            f"{where} has {len(said)} responses ({enumerate_some(said, 3)}); name a `filter` that "
            "leaves one"
        )
    return said[0] if said else None


def _log_likelihood(value: Any, place: str) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if math.isnan(found):
        raise unreadable(value, place, "a number")
    return found


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


def _item(texts: Texts, task: str | None, sample: Any, names: Mapping[str, Any], rater: str) -> str:
    """Label a sample, and what makes it an item of its own."""
    key = [] if task is None else [task]
    key.append(sample)
    shown = [*key]
    if rater != "epoch":
        key.append(names["epoch"])
        shown += [f"epoch {names['epoch']}"] if names["epoch"] != 1 else []
    if rater != "model":
        key.append(names["model"])
        shown.append(names["model"])
    return texts.of(key, shown)


class _Log(NamedTuple):
    """What a log of inspect_ai holds."""

    path: Path
    model: str
    task: str
    samples: list[Any]


def _inspect_log(path: Path) -> _Log:
    if path.suffix != ".eval":
        log = read_json(path.read_bytes(), str(path))
        if not isinstance(log, dict) or "eval" not in log:
            raise DataError(f"{path} is no log of inspect_ai: it has no field 'eval'")
        return _log(path, log, list(log.get("samples") or []))
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
    return _log(path, log, samples)


def _log(path: Path, log: Any, samples: list[Any]) -> _Log:
    about = log.get("eval") if isinstance(log, dict) else None
    about = about if isinstance(about, dict) else {}
    return _Log(path, str(field(about, "model", str(path))), str(about.get("task", "")), samples)


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
