"""`Lens`: how a single picture was projected, as far as it is known."""

import math
from dataclasses import dataclass

import torch

from ..structures.camera_conversions import opencv_from_cameras_projection
from ..structures.cameras import CamerasBase, PerspectiveCameras
from ..structures.views import Views

FOV = 50.0  # degrees, where nothing is known: a main camera of a phone has about 65, portraits less


@dataclass(frozen=True)
class Lens:
    """How a picture was projected.

    Attributes:
        focal: focal length in widths of a pixel.
        axis: column and row of the optical axis.
        tall: height of a pixel in its widths.
    """

    focal: float
    axis: tuple[float, float]
    tall: float = 1.0

    @classmethod
    def of_fov(cls, fov: float, size: tuple[int, int]) -> "Lens":
        """The lens that sees `fov` degrees along the longer side of a picture of (height, width), from its middle."""
        return cls(max(size) / (2 * math.tan(math.radians(fov) / 2)), (size[1] / 2, size[0] / 2))

    @classmethod
    def of_views(cls, views: Views, fov: float | None = None) -> "Lens":
        """That of a single picture: of `fov` where it is told, of its camera, as its file says, or a common one."""
        size = (views.images[0].shape[1], views.images[0].shape[2])
        if fov is None and views.cameras is not None:
            return cls.of_camera(views.cameras, size)
        own = None if views.fovs is None else views.fovs[0]
        return cls.of_fov(fov or own or FOV, size)

    def camera(self, size: tuple[int, int], device: torch.device) -> PerspectiveCameras:
        """The camera at the origin that sees through it, for a picture of (height, width)."""
        return PerspectiveCameras(
            focal_length=((self.focal, self.focal / self.tall),),
            principal_point=(self.axis,),
            in_ndc=False,
            image_size=(size,),
            device=device,
        )

    def fov(self, size: tuple[int, int]) -> float:
        """Degrees along the longer side of a picture of (height, width)."""
        return math.degrees(2 * math.atan(max(size[0] * self.tall, size[1]) / 2 / self.focal))

    @classmethod
    def of_camera(cls, camera: CamerasBase, size: tuple[int, int]) -> "Lens":
        """That of one camera, for a picture of (height, width)."""
        _, _, matrix = opencv_from_cameras_projection(camera, torch.tensor([size]))
        (across, _, column), (_, down, row), _ = matrix[0].tolist()
        return cls(across, (column, row), across / down)
