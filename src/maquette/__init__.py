"""maquette: pictures to 3D shapes on a differentiable mesh core that installs with pip anywhere.

maquette.load("r2n2").reconstruct("chair.jpg")
"""

from os import PathLike
from typing import Any

__version__ = "0.1.0"


def load(
    name: str, weights: str | PathLike[str] | None = None, variant: str | None = None, device: str = "auto"
) -> Any:
    """A trained system, ready to `reconstruct` pictures.

    Args:
        name: of the system, such as "r2n2".
        weights: a weights file or the folder of a run; None takes the weights that ship with maquette.
        variant: that the weights must be of; None takes any.
        device: where to compute; "auto" is CUDA where there is a GPU for it, else the CPU.

    Raises:
        KeyError: there is no such system.
        maquette.io.BadInput: weights that are missing, broken, or of another system or variant.
    """
    from .structures.device import make_device
    from .systems import system_class

    return system_class(name).load(weights, variant, make_device(device))
