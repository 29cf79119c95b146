"""How a family declares its parameters: once, with what each means and which values it takes."""

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, cast, dataclass_transform

T = TypeVar("T")


def within(low: float, high: float, what: str = "", none: float | None = None) -> Any:
    """A parameter between two numbers, both included, or `none`, which stands for "there is none"."""
    values = f"{low:g} to {high:g}" + ("" if none is None else f", or {none:g} for none")
    return field(metadata={"low": low, "high": high, "none": none, "what": _listed(what, values)})


def one_of(*words: str | float, what: str = "") -> Any:
    """A parameter that is one of some words or numbers."""
    return field(metadata={"words": words, "what": _listed(what, ", ".join(map(repr, words)))})


def about(what: str) -> Any:
    """A parameter whose type says which values it takes."""
    return field(metadata={"what": what})


def _listed(what: str, values: str) -> str:
    return f"{what}: {values}" if what else values


@dataclass_transform(frozen_default=True, field_specifiers=(within, one_of, about))
def parameters(cls: type[T]) -> type[T]:
    """Make a class a frozen dataclass, and list in its docstring what its fields mean."""
    made: Any = dataclass(frozen=True)(cls)
    lines = [f"    {f.name}: {f.metadata.get('what', 'what it is made of')}" for f in fields(made)]
    made.__doc__ = "\n".join([f"{cls.__doc__}\n\nAttributes:", *lines])
    return cast(type[T], made)
