"""Whether two answers are the same, and what an answer says, whatever it is made of."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import types
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

__all__ = ["digits", "is_same", "numbers"]


def is_same(a: Any, b: Any) -> bool:
    """Whether two values are the same, NaN equal to NaN, whatever they are made of."""
    if a is b:
        return True
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        a, b = np.asarray(a), np.asarray(b)
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        if a.dtype == object:
            return all(map(is_same, a.ravel(), b.ravel()))
        return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if type(a) is not type(b):
        return False
    if isinstance(a, (xr.DataArray, xr.Dataset, xr.DataTree)):
        return a.identical(b)
    if isinstance(a, (pd.DataFrame, pd.Series, pd.Index)):
        return a.equals(b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(is_same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(is_same, a, b))
    if dataclasses.is_dataclass(a):
        return all(
            is_same(getattr(a, field.name, None), getattr(b, field.name, None))
            for field in dataclasses.fields(a)
            if not field.name.startswith("_")  # what is computed on demand and kept
        )
    if isinstance(a, float) and a != a:
        return b != b
    if callable(a):
        return True  # functions are code, not data
    if hasattr(a, "__dict__") and type(a).__module__.startswith("pluralism"):
        return is_same(public(a), public(b))
    with contextlib.suppress(Exception):
        return bool(a == b)
    return True


def public(thing: Any) -> dict[str, Any]:
    """Attributes, without those that hold what is computed on demand and kept."""
    return {key: value for key, value in vars(thing).items() if not key.startswith("_")}


def digits(value: Any) -> str:
    """What a value says, in ten digits, without the addresses of objects."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {
            field.name: digits(getattr(value, field.name, None))
            for field in dataclasses.fields(value)
            if not field.name.startswith("_")
        }
        return f"{type(value).__name__} {parts}"
    if isinstance(value, (xr.DataArray, xr.Dataset)):
        return json.dumps(value.to_dict(), default=digits)
    if isinstance(value, pd.DataFrame):
        return value.to_csv(float_format="%.10g")
    if isinstance(value, np.ndarray):
        return digits(value.tolist())
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(digits, value))}]"
    if isinstance(value, (dict, types.MappingProxyType)):
        return f"{{{', '.join(f'{key!r}: {digits(part)}' for key, part in value.items())}}}"
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.10g}"
    return type(value).__name__ if " at 0x" in repr(value) else repr(value)


def numbers(value: Any) -> list[float]:
    """Every number of an answer in its order, without labels."""
    if dataclasses.is_dataclass(value):
        names = [each.name for each in dataclasses.fields(value) if not each.name.startswith("_")]
        return numbers([getattr(value, name, None) for name in names])
    if isinstance(value, (xr.DataArray, pd.Series)):
        value = value.to_numpy()
    elif isinstance(value, xr.Dataset):
        return numbers(list(value.data_vars.values()))
    elif isinstance(value, pd.DataFrame):
        value = value.select_dtypes("number").to_numpy()
    if isinstance(value, np.ndarray):
        return value.astype(float).ravel().tolist() if value.dtype.kind in "iufb" else []
    if isinstance(value, dict):
        return numbers(list(value.values()))
    if isinstance(value, (list, tuple)):
        return [number for part in value for number in numbers(part)]
    return [float(value)] if isinstance(value, (int, float, np.number)) else []
