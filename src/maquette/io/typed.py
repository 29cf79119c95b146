"""Typed settings from plain JSON values, checked."""

import reprlib
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, Never, TypeVar, Union, get_args, get_origin, get_type_hints

Settings = TypeVar("Settings")
_PLAIN = {int: "a whole number", float: "a number", str: "a word", bool: "true or false", dict: "an object",
          list: "a list"}  # fmt: skip
_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring = 2, 80


def typed(kind: type[Settings], values: Any, place: str = "", more: bool = False) -> Settings:
    """A value of a type from what `json.loads(json.dumps(asdict(it)))` gave.

    Understands nested dataclasses, tuples, lists, mappings, `Literal`, unions, and numbers, words and truth values.
    What is not given keeps its default.

    Args:
        kind: the dataclass; or `dict` or `list` of anything.
        values: as `json.loads` gives them.
        place: where in the settings this is, for messages.
        more: whether objects may have names that their dataclasses lack; they are left out.

    Raises:
        ValueError: an unknown name, one that is missing, a value of another type, or one that the dataclass
            itself refuses.
    """
    found: Settings = _value(kind, values, place, more)
    return found


def _dataclass(kind: Any, values: Any, place: str, more: bool) -> Any:
    if not isinstance(values, Mapping):
        _refuse("an object", values, place)
    hints = get_type_hints(kind)
    known = {field.name for field in fields(kind) if field.init}
    for name in values:
        if name not in known and not more:
            raise ValueError(f"{_join(place, name)} is not a setting")
    for name in sorted(_needed(kind) - set(values)):
        raise ValueError(f"{_join(place, name)} is missing")
    return kind(
        **{
            name: _value(hints[name], entry, _join(place, name), more)
            for name, entry in values.items()
            if name in known
        }
    )


def _needed(kind: Any) -> set[str]:
    """Names of the settings without a default."""
    return {
        field.name
        for field in fields(kind)
        if field.init and field.default is MISSING and field.default_factory is MISSING
    }


def _value(kind: Any, value: Any, place: str, more: bool) -> Any:
    if kind is Any:
        return value
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is None and is_dataclass(kind):
        return _dataclass(kind, value, place, more)
    if origin in (Union, types.UnionType):
        return _any_of(arguments, value, place, more)
    if origin is Literal:
        if not any(value == known and type(value) is type(known) for known in arguments):
            raise ValueError(f"{place} must be one of {', '.join(map(str, arguments))}; got {_shown(value)}")
        return value
    if origin in (tuple, list):
        return origin(_entries(arguments, value, place, more))
    if origin in (dict, Mapping):
        return _mapping(arguments, value, place, more)
    return _plain(kind, value, place)


def _any_of(kinds: tuple[Any, ...], value: Any, place: str, more: bool) -> Any:
    if value is None and type(None) in kinds:
        return None
    problems = []
    for kind in kinds:
        if kind is not type(None):
            try:
                return _value(kind, value, place, more)
            except ValueError as error:
                problems.append(error)
    raise problems[-1]


def _entries(kinds: tuple[Any, ...], value: Any, place: str, more: bool) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        _refuse("a list", value, place)
    if len(kinds) == 1 or kinds[1] is Ellipsis:
        if kinds[0] in _PLAIN and all(type(entry) is kinds[0] for entry in value):  # long columns
            return value
        kinds = kinds[:1] * len(value)
    if len(value) != len(kinds):
        raise ValueError(f"{place} must have {len(kinds)} entries, got {len(value)}")
    return [
        _value(kind, entry, f"{place}[{i}]", more)
        for i, (kind, entry) in enumerate(zip(kinds, value, strict=True))
    ]


def _mapping(kinds: tuple[Any, ...], value: Any, place: str, more: bool) -> Any:
    if not isinstance(value, Mapping):
        _refuse("an object", value, place)
    if kinds[-1:] in ((), (Any,)):
        return value
    return {name: _value(kinds[-1], entry, _join(place, name), more) for name, entry in value.items()}


def _plain(kind: Any, value: Any, place: str) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            _refuse("a number", "one of too many digits", place)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        _refuse(_PLAIN.get(kind, str(kind)), value, place)
    return value


def _refuse(wanted: str, value: Any, place: str) -> Never:
    raise ValueError(f"{place or 'it'} must be {wanted}, got {_shown(value)}")


def _shown(value: Any) -> str:
    """Enough of a value to know it by: it may be of any size."""
    return _SHORT.repr(value)


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else str(name)
