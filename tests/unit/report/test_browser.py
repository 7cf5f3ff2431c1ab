"""The page in a real browser: nothing loaded, no error, tables that sort, a phone's width."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pluralism import Annotations, Ballots, Comparisons, write_report
from pluralism.data import load_table, simulate_votes

pytestmark = pytest.mark.slow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip
LABELS = ("<script>document.title='broken'</script>", "<b>bold</b>", "plain", "Ünïcode", "x" * 90)


class Browser:
    """Chromium, spoken to through a pair of pipes: one JSON message after another."""

    def __init__(self, profile: Path) -> None:
        to_read, self._out = os.pipe()
        self._in, to_write = os.pipe()
        # The browser reads commands from descriptor 3 and writes answers to 4.
        script = f'exec "$@" 3<&{to_read} 4>&{to_write}'
        self._process = subprocess.Popen(
            ["bash", "-c", script, "-", CHROMIUM, *FLAGS, f"--user-data-dir={profile}"],
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._buffer = b""
        self._last = 0
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    _session: str | None = None

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], 120)
            chunk = os.read(self._in, 1 << 16) if ready else b""
            if not chunk:
                raise RuntimeError("the browser does not answer")
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._last:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def open(self, page: Path) -> None:
        self.events.clear()
        self.call("Page.navigate", url=page.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def evaluate(self, expression: str) -> Any:
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def width(self, pixels: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=pixels, height=800, deviceScaleFactor=1, mobile=pixels < 600,
        )  # fmt: skip

    def press(self, key: str, code: int) -> None:
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                text="\r" if key == "Enter" and kind == "keyDown" else "",
            )  # fmt: skip

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)
        os.close(self._in)
        os.close(self._out)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    frame = simulate_votes(
        3000, items=LABELS, utility=[0.6, 0.3, 0.0, -0.3, -0.6], raters=30, tie_parameter=0.5,
        seed=1,
    )  # fmt: skip
    votes = Comparisons.from_frame(
        frame, first="first", second="second", outcome="outcome", rater="rater"
    )
    return write_report(votes, tmp_path_factory.mktemp("page") / "report.html", title="A <title>")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    started = Browser(tmp_path_factory.mktemp("profile"))
    yield started
    started.close()


@pytest.fixture
def opened(browser: Browser, page: Path) -> Browser:
    browser.width(1200)
    browser.open(page)
    return browser


def test_nothing_is_requested_and_nothing_is_complained_of(opened: Browser, page: Path) -> None:
    asked = {
        event["params"]["request"]["url"]
        for event in opened.events
        if event["method"] == "Network.requestWillBeSent"
    }
    assert {url for url in asked if not url.startswith("data:")} == {page.as_uri()}
    said = [
        event
        for event in opened.events
        if event["method"]
        in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
    ]
    assert said == []


def test_labels_with_markup_are_text(opened: Browser) -> None:
    assert opened.evaluate("document.title") == "A <title>"
    assert opened.evaluate("document.querySelectorAll('script').length") == 1
    heads = opened.evaluate(
        "[...document.querySelectorAll('#utilities tbody th')].map(each => each.textContent)"
    )
    assert heads == list(LABELS)
    drawn = opened.evaluate(
        "[...document.querySelectorAll('#utilities svg text')].map(each => each.textContent)"
    )
    assert LABELS[0] in drawn


COLUMN = """
(place => [...document.querySelectorAll('#utilities tbody tr')]
  .map(row => row.cells[place].dataset.key))
"""
HEADING = "document.querySelectorAll('#utilities thead th')[{}]"


@pytest.mark.parametrize("place", [0, 1, 2, 9])
def test_a_table_sorts_both_ways(opened: Browser, place: int) -> None:
    text = place == 0
    seen = []
    for _ in range(2):
        opened.evaluate(f"{HEADING.format(place)}.querySelector('button').click()")
        direction = opened.evaluate(f"{HEADING.format(place)}.getAttribute('aria-sort')")
        keys = opened.evaluate(f"{COLUMN}({place})")
        ordered = sorted(keys, key=str.casefold if text else float)
        if not text:
            assert keys == (ordered if direction == "ascending" else ordered[::-1])
        seen.append((direction, keys))
    assert {direction for direction, _ in seen} == {"ascending", "descending"}
    assert seen[0][1] == seen[1][1][::-1]
    said = opened.evaluate("document.getElementById('said').textContent")
    assert said.startswith("Sorted by ")
    assert opened.evaluate("document.querySelectorAll('#utilities [aria-sort]').length") == 1


def test_a_table_sorts_from_the_keyboard(opened: Browser) -> None:
    opened.evaluate(f"{HEADING.format(2)}.querySelector('button').focus()")
    opened.press("Enter", 13)
    assert opened.evaluate(f"{HEADING.format(2)}.getAttribute('aria-sort')") == "descending"


def test_the_first_tab_leads_past_the_head_of_the_page(opened: Browser) -> None:
    opened.press("Tab", 9)
    assert opened.evaluate("document.activeElement.getAttribute('href')") == "#main"


@pytest.mark.parametrize("width", [360, 768, 1200])
def test_the_page_never_scrolls_sideways(opened: Browser, width: int) -> None:
    opened.width(width)
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    # What is wider scrolls within itself, and by keyboard.
    assert opened.evaluate(
        "[...document.querySelectorAll('.scroll')].every(each => each.tabIndex === 0)"
    )


def test_the_example_shows_all_its_columns_on_a_desk(browser: Browser, tmp_path: Path) -> None:
    browser.width(1200)
    browser.open(write_report(load_table("celebrities"), tmp_path / "report.html"))
    assert browser.evaluate(
        "[...document.querySelectorAll('#utilities .scroll, #neighbours .scroll')]"
        ".every(each => each.scrollWidth <= each.clientWidth)"
    )


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two colours written as ``rgb(r, g, b)``."""

    def luminance(colour: str) -> float:
        values = np.array([int(part) for part in colour[4:-1].split(",")]) / 255
        linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_both_modes(opened: Browser, scheme: str) -> None:
    opened.call(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
    )
    style: Callable[[str, str], str] = lambda selector, name: opened.evaluate(  # noqa: E731
        f"getComputedStyle(document.querySelector('{selector}')).{name}"
    )
    ground = style("body", "backgroundColor")
    for selector in ("body", ".facts", "nav a", "figcaption"):
        assert contrast(style(selector, "color"), ground) >= 4.5, selector
    for selector in ("#utilities svg text", "#design svg text"):
        assert contrast(style(selector, "fill"), ground) >= 4.5, selector


def test_it_prints_without_navigation(opened: Browser) -> None:
    opened.call("Emulation.setEmulatedMedia", media="print")
    assert opened.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    opened.call("Emulation.setEmulatedMedia", media="")


def other_kinds(folder: Path) -> dict[str, Path]:
    """Pages on ratings, ballots and groups of voters, with labels of every sort."""
    strange = [*LABELS, "=1+1", "🦄", "עברית"]
    rows = [
        (item, f"{who} {LABELS[0]}", strange[(place + who) % 3], strange[who % 2])
        for place, item in enumerate(strange)
        for who in range(6)
    ]
    frame = pd.DataFrame(rows, columns=["item", "rater", "label", "side"])
    ratings = Annotations.from_frame(frame, item="item", rater="rater", label="label", group="side")
    votes = simulate_votes(900, items=strange, raters=20, groups=["<i>", "b"], seed=1)
    pages = {
        "ratings": ratings,
        "ballots": Ballots.from_rankings([strange, strange[::-1], strange], counts=[5, 4, 3]),
        "groups": Comparisons.from_frame(
            votes, first="first", second="second", outcome="outcome", group="group"
        ),
    }
    return {
        kind: write_report(data, folder / f"{kind}.html", compare=data, compare_name=LABELS[1])
        for kind, data in pages.items()
    }


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return other_kinds(tmp_path_factory.mktemp("kinds"))


@pytest.mark.parametrize("kind", ["ratings", "ballots", "groups"])
def test_every_kind_of_page_is_quiet_sorts_and_fits_a_phone(
    browser: Browser, kinds: dict[str, Path], kind: str
) -> None:
    browser.width(360)
    browser.open(kinds[kind])
    asked = {
        event["params"]["request"]["url"]
        for event in browser.events
        if event["method"] == "Network.requestWillBeSent"
    }
    assert {url for url in asked if not url.startswith("data:")} == {kinds[kind].as_uri()}
    complaints = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
    assert [event for event in browser.events if event["method"] in complaints] == []
    assert browser.evaluate("document.documentElement.scrollWidth") <= 360
    assert browser.evaluate("document.querySelectorAll('script').length") == 1
    assert browser.evaluate("document.querySelectorAll('main b b, main i').length") == 0
    # Every table sorts by its last column, and no figure is without words.
    assert browser.evaluate(
        "[...document.querySelectorAll('table.sortable')].every(table => {"
        "const head = [...table.tHead.rows[0].cells].at(-1);"
        "head.querySelector('button').click(); return head.hasAttribute('aria-sort'); })"
    )
    assert browser.evaluate(
        "[...document.querySelectorAll('svg')].every(each => each.querySelector('title'))"
    )
    # Identifiers are unique, or a figure would take its marks from another.
    assert browser.evaluate(
        "(all => all.length === new Set(all).size)"
        "([...document.querySelectorAll('[id]')].map(each => each.id))"
    )
