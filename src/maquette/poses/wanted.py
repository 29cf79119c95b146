"""What finding cameras is told and gives, whichever way they are found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ..io.cameras_parse import CamerasData
from ..io.colmap_model import SparsePoints
from ..io.errors import BadInput

Watch = Callable[[str, int, int], None]


class TooFewPlaced(BadInput):
    """Pictures that have too little in common for structure from motion."""


@dataclass(frozen=True)
class SfmOptions:
    """What a person may choose.

    Attributes:
        cameras: "one" for all pictures of a size, or one for "each".
        lens: "none", "radial" (one number; none for fewer than six pictures) or "opencv" (four).
        fov_deg: along the longer side of the pictures; None takes what they say themselves, or else is found.
        seed: of all that is drawn.
        threads: None takes all cores. With one the same pictures give the same result.
    """

    cameras: Literal["one", "each"] = "one"
    lens: Literal["none", "radial", "opencv"] = "radial"
    fov_deg: float | None = None
    seed: int = 0
    threads: int | None = None


@dataclass(frozen=True, eq=False)
class FoundCameras:
    """Cameras of the pictures that could be placed, and what was found with them.

    Attributes:
        data: the views, in the order of the pictures.
        points: that they have in common.
        facts: numbers and words for a report, ready for JSON.
    """

    data: CamerasData
    points: SparsePoints
    facts: dict[str, Any]
