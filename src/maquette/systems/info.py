"""`Info`: what a system's network consists of and computes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from ..nn.macs import count_parameters, measure_cost


@dataclass(frozen=True)
class Info:
    """A network in numbers.

    Attributes:
        system: its name.
        variant: which of the system's networks.
        parameters: number of parameters of each part, by dotted name; they add up to all.
        macs: multiply-accumulates of each part in one forward pass, by dotted name; they add up to all.
        shapes: of what goes in and of what each part gives.
    """

    system: str
    variant: str
    parameters: Mapping[str, int]
    macs: Mapping[str, int]
    shapes: Mapping[str, tuple[int, ...]]

    def as_dict(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {
            "system": self.system,
            "variant": self.variant,
            "parameters": {"total": sum(self.parameters.values()), "modules": dict(self.parameters)},
            "macs": sum(self.macs.values()),
            "module_macs": dict(self.macs),
            "shapes": {name: list(shape) for name, shape in self.shapes.items()},
        }


def describe_network(system: str, variant: str, network: nn.Module, **inputs: Tensor) -> Info:
    """Count the parameters of a network and what it computes on example inputs, which are named as it names them."""
    parameters = count_parameters(network)
    cost = measure_cost(network, *inputs.values())
    macs = {
        part: sum(count for name, count in cost.macs.items() if _within(name, part)) for part in parameters
    }
    shapes = {name: tuple(tensor.shape) for name, tensor in inputs.items()} | cost.shapes
    return Info(system, variant, parameters, macs, shapes)


def _within(name: str, part: str) -> bool:
    return name == part or name.startswith(part + ".")
