"""Tests against the hosts themselves, at the release that is installed.

``PLURALISM_REQUIRE_HOSTS`` names hosts (separated by commas) that must be there: their tests then
fail instead of being skipped, which is how CI knows that they ran.
"""

from __future__ import annotations

import os
import warnings
from importlib import import_module
from types import ModuleType

import pytest

# Hosts must not look for anything outside.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("HF_EVALUATE_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")

#: Distributions over two options, as a model and as people give them.
MODEL = [[0.9, 0.1], [0.6, 0.4], [0.5, 0.5], [0.25, 0.75]]
PEOPLE = [[0.7, 0.3], [0.6, 0.4], [0.2, 0.8], [0.5, 0.5]]
#: What three judges said of each of six answers; one judge is missing twice.
VOTES = [["a", "a", "b"], ["a", "b", "b"], ["b", "b", "b"], ["a", "a"], ["a", "a", "a"], ["b", "a"]]


def need(host: str) -> ModuleType:
    """Import a host, or skip, unless it is required."""
    required = os.environ.get("PLURALISM_REQUIRE_HOSTS", "").split(",")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module(host)
    except ImportError as error:
        if host in required:
            pytest.fail(f"PLURALISM_REQUIRE_HOSTS names {host}, which cannot be imported: {error}")
        pytest.skip(f"{host} is not installed ({error})", allow_module_level=True)


def pytest_configure() -> None:
    pytest.need = need  # type: ignore[attr-defined]


class Data:
    """What the tests of all hosts share."""

    model = MODEL
    people = PEOPLE
    votes = VOTES


@pytest.fixture
def data() -> Data:
    return Data()
