"""Plots with names that others chose."""

import xml.etree.ElementTree as ElementTree
from base64 import b64decode
from collections.abc import Callable

import pytest

from maquette.report.plots import bars, curves, histogram

NAMES = ["$\\frac{$", "b$x^2$", "\x1b]0;owned\x07", "line\nbreak", "\udcff", "_hidden", "x" * 242, "<b>&\"'"]
SHOWN = ["$\\frac{$", "b$x^2$", "\\x1b]0;owned\\x07", "line\\nbreak", "\\udcff", " _hidden", "<b>&\"'"]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: curves({name: ([1, 2], [0.1, 0.2]) for name in NAMES}, "step", "loss", log_y=True),
        lambda: histogram({name: [0.1, 0.4] for name in NAMES}, "IoU"),
        lambda: bars({name: dict.fromkeys(NAMES, 0.5) for name in NAMES}, "IoU"),
    ],
)
def test_any_name_is_drawn_as_it_is(draw: Callable[[], str]) -> None:
    tree = ElementTree.fromstring(b64decode(draw().partition(",")[2]))
    texts = {element.text for element in tree.iter() if element.tag.endswith("}text")}
    assert set(SHOWN) <= texts
