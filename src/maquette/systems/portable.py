"""`Portable`: a system's network by itself, for those who run it without maquette."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

Shape = tuple[int | str, ...]


@dataclass(frozen=True)
class Portable:
    """A network by itself, with what has to be known to use it.

    Attributes:
        module: takes the inputs by name, and gives a tuple of the outputs. Everything follows from the inputs' values
            by operations on tensors of shapes that follow from the inputs' own.
        inputs: shape of each input, whose values lie in [0, 1]; an axis of any length has a name instead of a number.
        outputs: names.
        settings: how the inputs are made and the outputs to be read, as JSON can hold it.
    """

    module: nn.Module
    inputs: Mapping[str, Shape]
    outputs: tuple[str, ...]
    settings: Mapping[str, Any]

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes of any length."""
        sides = (side for shape in self.inputs.values() for side in shape)
        return tuple(dict.fromkeys(side for side in sides if isinstance(side, str)))
