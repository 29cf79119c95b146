"""Settings survive JSON; what does not fit is named."""

import json
from dataclasses import asdict, dataclass, field
from typing import Literal

import pytest

from maquette.data.views_config import ViewsConfig
from maquette.io.typed import typed
from maquette.systems.r2n2.config import NetworkConfig


@dataclass(frozen=True)
class Inner:
    pair: tuple[float, float] = (0.0, 1.0)
    words: tuple[Literal["a", "b"], ...] = ("a",)


@dataclass(frozen=True)
class Outer:
    count: int = 1
    name: str | None = None
    inner: Inner = field(default_factory=Inner)


@pytest.mark.parametrize(
    "settings",
    [ViewsConfig(), ViewsConfig(framing="object", photos="x", backgrounds=("noise", "plain")), NetworkConfig(),
     Outer(2, "x", Inner((1, 2), ("b", "a", "b")))],
)  # fmt: skip
def test_the_same_settings_come_back(settings):
    assert typed(type(settings), json.loads(json.dumps(asdict(settings)))) == settings


def test_whole_numbers_become_floats():
    assert isinstance(typed(NetworkConfig, {"width": 1}).width, float)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (3, "it must be an object"),
        ({"colour": 1}, "colour is not a setting"),
        ({"count": 1.5}, "count must be a whole number"),
        ({"count": True}, "count must be a whole number"),
        ({"name": 4}, "name must be a word"),
        ({"inner": {"pair": [1]}}, "inner.pair must have 2 entries"),
        ({"inner": {"pair": 1}}, "inner.pair must be a list"),
        ({"inner": {"pair": [1, "x"]}}, r"inner.pair\[1\] must be a number"),
        ({"inner": {"words": ["c"]}}, r"inner.words\[0\] must be one of a, b"),
    ],
)
def test_what_does_not_fit_is_named(values, words):
    with pytest.raises(ValueError, match=words):
        typed(Outer, values)


def test_settings_refuse_for_themselves():
    with pytest.raises(ValueError, match="variant must be one of"):
        typed(NetworkConfig, {"variant": "gru"})


def test_what_has_no_default_must_be_given():
    @dataclass(frozen=True)
    class Place:
        file: str
        note: str = ""

    assert typed(Place, {"file": "a"}) == Place("a")
    with pytest.raises(ValueError, match=r"init\.file is missing"):
        typed(Place, {"note": "b"}, "init")
