"""JSON from outside: one line that names the key, for whatever is wrong."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from maquette.io.errors import BadInput, ParseError
from maquette.io.json_file import parse_json, read_json


@dataclass(frozen=True)
class Inner:
    sizes: list[int]
    names: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outer:
    kind: Literal["a", "b"]
    inner: tuple[Inner, ...] = ()


def test_what_fits_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(
        '\ufeff{"kind": "a", "inner": [{"sizes": [1, 2], "names": {"x": "y"}}], "z": 0}'
    )
    assert read_json(tmp_path / "x.json", Outer) == Outer("a", (Inner([1, 2], {"x": "y"}),))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the file is empty"),
        ("{", "not readable as JSON: Expecting property name"),
        ("[1]", r"it must be an object, got \[1\]"),
        ("{}", "kind is missing"),
        ('{"kind": []}', r"kind must be one of a, b; got \[\]"),
        ('{"kind": true}', "kind must be one of a, b; got True"),
        ('{"kind": "a", "inner": [{"sizes": [1, "2"]}]}', r"inner\[0\]\.sizes\[1\] must be a whole number"),
        ('{"kind": "a", "inner": [{"sizes": [true]}]}', r"inner\[0\]\.sizes\[0\] must be a whole number"),
        (
            '{"kind": "a", "inner": [{"sizes": [], "names": {"k": 3}}]}',
            r"inner\[0\]\.names\.k must be a word, got 3",
        ),
        ('{"kind": "a", "x": NaN}', "not readable as JSON: NaN is no number"),
        ('{"kind": "a", "x": 1e999}', "not readable as JSON: 1e999 is no number that is finite"),
        ('{"kind": "a", "x": ' + "9" * 5000 + "}", "not readable as JSON: Exceeds the limit"),
        ('{"kind": "a", "x": ' + "[" * 64 + "]" * 64 + "}", "is deeper than 64 levels"),
        ("[" * 100_000, "not readable as JSON: maximum recursion depth"),
        (b"\xff\xfe\x00", "not readable as JSON: 'utf-16-le' codec"),
    ],
)
def test_what_does_not_fit_is_one_line(tmp_path: Path, text: str | bytes, reason: str) -> None:
    (tmp_path / "x.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadInput, match=rf"x\.json: {reason}") as caught:
        read_json(tmp_path / "x.json", Outer)
    assert "\n" not in str(caught.value)


def test_unknown_names_are_refused_where_they_are_mistakes() -> None:
    with pytest.raises(ParseError, match="colour is not a setting"):
        parse_json('{"kind": "a", "colour": 1}', Outer, more=False)


def test_values_of_any_size_are_named_by_their_beginning() -> None:
    with pytest.raises(ParseError) as caught:
        parse_json('{"kind": [' + ",".join(["[[[1]]]"] * 10_000) + "]}", Outer)
    assert len(str(caught.value)) < 200


def test_python_s_own_words_for_what_json_lacks() -> None:
    assert parse_json('{"best": Infinity}', dict, nan=True) == {"best": float("inf")}
