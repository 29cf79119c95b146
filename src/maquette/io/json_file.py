"""JSON from outside: parsed to a bounded depth and checked against a type."""

import json
import math
from os import PathLike
from typing import Any, TypeVar

from .errors import ParseError, as_bad_input
from .files import read_file
from .typed import typed

Content = TypeVar("Content")
_DEEPEST = 64


def read_json(
    path: str | PathLike[str], kind: type[Content], more: bool = True, nan: bool = False
) -> Content:
    """What a file of JSON holds.

    Args:
        path: the file.
        kind: what it must be: a dataclass as `typed` understands it, `dict` or `list`.
        more: whether objects may have names that their dataclasses lack; they are left out.
        nan: whether NaN and infinities are read, which are no JSON but which Python writes.

    Raises:
        BadInput: missing, no file, or what `parse_json` refuses; one line with the path of the key.
    """
    data = read_file(path)
    with as_bad_input(path, ParseError):
        return parse_json(data, kind, more, nan)


def parse_json(data: bytes | str, kind: type[Content], more: bool = True, nan: bool = False) -> Content:
    """What a text of JSON holds, as `read_json` gives it.

    Raises:
        ParseError: not JSON, deeper than 64 levels, with numbers that are not finite, or not of the type: a key is
            missing or unknown, or a value is of another kind.
    """
    try:
        number = float if nan else _finite
        tree = json.loads(data, parse_constant=number, parse_float=number)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"not readable as JSON: {error}") from None
    _check_depth(tree)
    try:
        return typed(kind, tree, more=more)
    except ValueError as error:
        raise ParseError(str(error)) from None


def _finite(word: str) -> float:
    number = float(word)
    if not math.isfinite(number):
        raise ValueError(f"{word} is no number that is finite")
    return number


def _check_depth(tree: Any) -> None:
    """Refuse what everything that goes through it by recursion would stumble over."""
    level = [tree]
    for _ in range(_DEEPEST):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise ParseError(f"is deeper than {_DEEPEST} levels")
