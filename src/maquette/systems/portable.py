"""`Portable`: a system's network by itself, for those who run it without maquette."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

Shape = tuple[int | str, ...]


@dataclass(frozen=True)
class Portable:
    """A network by itself, with what has to be known to use it.

    Attributes:
        module: takes the inputs by name, and gives a tuple of the outputs. Everything follows from the inputs' values
            by operations on tensors of shapes that follow from the inputs' own.
        inputs: shape of each input; an axis of any length has a name instead of a number.
        outputs: names.
        settings: how the inputs are made and the outputs to be read, as JSON can hold it.
        example: inputs to compare results on, of a single sample and of several; noise in [0, 1] when not given.
        parts: further graphs of the same system, by names that their files have behind that of this one.
    """

    module: nn.Module
    inputs: Mapping[str, Shape]
    outputs: tuple[str, ...]
    settings: Mapping[str, Any]
    example: Callable[[bool], dict[str, Tensor]] | None = None
    parts: Mapping[str, "Portable"] = field(default_factory=dict)

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes of any length."""
        sides = (side for shape in self.inputs.values() for side in shape)
        return tuple(dict.fromkeys(side for side in sides if isinstance(side, str)))
