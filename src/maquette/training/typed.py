"""Typed settings from plain JSON values, checked."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Settings = TypeVar("Settings")


def typed(kind: type[Settings], values: Any, place: str = "") -> Settings:
    """A dataclass from what `json.loads(json.dumps(asdict(it)))` gave.

    Understands nested dataclasses, tuples, `Literal`, unions with None, mappings, and numbers, words and truth
    values. What is not given keeps its default.

    Args:
        kind: the dataclass.
        values: an object of JSON.
        place: where in the settings this is, for messages.

    Raises:
        ValueError: an unknown name, one that is missing, a value of another type, or one that the dataclass
            itself refuses.
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"{place or 'settings'} must be an object, got {values!r}")
    hints = get_type_hints(kind)
    known = {field.name for field in fields(kind) if field.init}  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            raise ValueError(f"{_join(place, name)} is not a setting")
    for name in sorted(_needed(kind) - set(values)):
        raise ValueError(f"{_join(place, name)} is missing")
    return kind(**{name: _value(hints[name], entry, _join(place, name)) for name, entry in values.items()})


def _needed(kind: Any) -> set[str]:
    """Names of the settings without a default."""
    return {
        field.name
        for field in fields(kind)
        if field.init and field.default is MISSING and field.default_factory is MISSING
    }


def _value(kind: Any, value: Any, place: str) -> Any:
    if kind is Any:
        return value
    if is_dataclass(kind) and isinstance(kind, type):
        return typed(kind, value, place)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _any_of(arguments, value, place)
    if origin is Literal:
        if value not in arguments:
            raise ValueError(f"{place} must be one of {', '.join(map(str, arguments))}; got {value!r}")
        return value
    if origin is tuple:
        return _tuple(arguments, value, place)
    if origin in (dict, Mapping):
        return value if isinstance(value, Mapping) else _refuse("an object", value, place)
    return _plain(kind, value, place)


def _any_of(kinds: tuple[Any, ...], value: Any, place: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    problems = []
    for kind in kinds:
        if kind is not type(None):
            try:
                return _value(kind, value, place)
            except ValueError as error:
                problems.append(error)
    raise problems[-1]


def _tuple(kinds: tuple[Any, ...], value: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        _refuse("a list", value, place)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kinds = kinds[:1] * len(value)
    if len(value) != len(kinds):
        raise ValueError(f"{place} must have {len(kinds)} entries, got {len(value)}")
    return tuple(
        _value(kind, entry, f"{place}[{i}]") for i, (kind, entry) in enumerate(zip(kinds, value, strict=True))
    )


def _plain(kind: Any, value: Any, place: str) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            _refuse("a number", "one of too many digits", place)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        names = {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}
        _refuse(names.get(kind, str(kind)), value, place)
    return value


def _refuse(wanted: str, value: Any, place: str) -> Any:
    raise ValueError(f"{place} must be {wanted}, got {value!r}")


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else str(name)
