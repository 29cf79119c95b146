"""Which way a mesh file's up and front are, and the turn into the object frame: up +Y, front +Z."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float32

Axis = Literal["+X", "-X", "+Y", "-Y", "+Z", "-Z"]


@dataclass(frozen=True)
class MeshAxes:
    """Where up and the front are in a mesh's file.

    Raises:
        ValueError: both along the same axis.
    """

    up: Axis = "+Y"
    front: Axis = "+Z"

    def __post_init__(self) -> None:
        if self.up[1] == self.front[1]:
            raise ValueError(f"up {self.up} and front {self.front} are along the same axis")

    def turn(self) -> Float32[np.ndarray, "3 3"]:
        """Row vectors of the file times this are in the object frame; a rotation, exact."""
        up, front = _direction(self.up), _direction(self.front)
        return np.column_stack([np.cross(up, front), up, front]).astype(np.float32)


def parse_axes(up: str, front: str) -> MeshAxes:
    """Axes in words.

    Raises:
        ValueError: none of the six axes, or both along the same one.
    """
    known = {axis: axis for axis in get_args(Axis)}
    for name, word in (("up", up), ("front", front)):
        if word not in known:
            raise ValueError(f"{name} {word!r} is none of {', '.join(known)}")
    return MeshAxes(known[up], known[front])


def _direction(axis: Axis) -> np.ndarray:
    sign = -1.0 if axis[0] == "-" else 1.0
    direction: np.ndarray = sign * np.eye(3)["XYZ".index(axis[1])]
    return direction


OBJECT_AXES = MeshAxes()
