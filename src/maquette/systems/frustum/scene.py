"""Pictures of one object with their cameras, in a world of the object's own size."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ...structures import Meshes
from ...structures.camera_conversions import cameras_from_opencv_projection, opencv_from_cameras_projection
from ...structures.cameras import PerspectiveCameras
from ...structures.views import Views
from ..lens import Lens
from .framing import frame
from .grid import Frustum
from .witness import Witness, meeting_point

_ONE_PLACE = 1e-5  # of the cameras' coordinates, up to which they do not differ


@dataclass(frozen=True)
class Scene:
    """Framed pictures, in a world with the object about its origin in which their squares have sides of about 1.

    Attributes:
        images, masks: what the network sees.
        outlines: the same masks, finer.
        frustums: behind the squares.
        cameras: that took the pictures, in this world.
        middle: where its origin is in the world of the views.
        unit: length there that is 1 here.
    """

    images: Float[Tensor, "view 3 size size"]
    masks: Float[Tensor, "view 1 size size"]
    outlines: Float[Tensor, "view 1 fine fine"]
    frustums: Frustum
    cameras: PerspectiveCameras
    middle: Float[Tensor, " 3"]
    unit: float

    @classmethod
    def of_views(cls, views: Views, size: int, margin: float) -> "Scene":
        """Frame pictures that have masks and cameras.

        Args:
            views: on the CPU.
            size, margin: as `frame` takes them.

        Raises:
            ValueError: an empty mask, cameras without perspective or all in one place, or pictures of what is behind
                one of them.
        """
        places = views.cameras.get_camera_center()
        if bool((places - places[0]).abs().max() <= _ONE_PLACE * places.abs().max()):
            raise ValueError(
                "all pictures are taken from one place, which does not tell how far away the object is"
            )
        shapes = [(image.shape[1], image.shape[2]) for image in views.images]
        framed = [
            frame(image, mask, Lens.of_camera(views.cameras[[i]], shapes[i]), size, margin)
            for i, (image, mask) in enumerate(zip(views.images, views.masks or (), strict=True))
            if mask is not None
        ]
        focal, axis = (
            torch.cat([getattr(one.frustum, part) for one in framed]) for part in ("focal", "axis")
        )
        frustums = Frustum.before(focal, axis)
        middle = meeting_point(frustums, views.cameras.R, views.cameras.T)
        depths = (middle @ views.cameras.R + views.cameras.T)[:, 2]
        if not bool((depths > 0).all()):
            raise ValueError("what the pictures show meets behind a camera; are the cameras right?")
        unit = float((depths / focal).mean())
        sizes = torch.tensor(shapes)
        turn, shift, matrix = opencv_from_cameras_projection(views.cameras, sizes)
        shift = (shift + turn @ middle) / unit
        images, masks, outlines = (
            torch.stack([getattr(one, part) for one in framed]) for part in ("image", "mask", "outline")
        )
        cameras = cameras_from_opencv_projection(turn, shift, matrix, sizes)
        return cls(images, masks, outlines, frustums, cameras, middle, unit)

    def witnesses(self, fields: Float[Tensor, "view depth row column"]) -> list[Witness]:
        """What the network says of each picture, where that picture stands."""
        R, T = self.cameras.R, self.cameras.T
        return [
            Witness(field, self.outlines[i], self.frustums[i : i + 1], R[i], T[i], float(T[i, 2]))
            for i, field in enumerate(fields)
        ]

    def back(self, mesh: Meshes) -> Meshes:
        """A mesh of this world in that of the views."""
        return mesh.update_padded(mesh.verts_padded() * self.unit + self.middle)
