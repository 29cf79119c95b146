"""What protocols of shapes from one picture share: the system, the picture's camera, and what is drawn of a case."""

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ...data.batch import Batch, known
from ...renderer.views import cameras_from_r2n2, render_views
from ...structures import Meshes
from ...structures.cameras import PerspectiveCameras
from ...structures.reconstruction import Reconstruction
from ...structures.views import Views
from .face import Case

NEEDS = frozenset({"meshes", "cameras", "windows", "masks"})
_BEHIND = 150.0
_PIXELS, _NEAREST = 192, 0.7


@runtime_checkable
class ShapeSystem(Protocol):
    """What a system has to have to be scored on shapes."""

    def reconstruct(self, pictures: Views) -> list[Reconstruction]:
        """The objects that pictures show."""
        ...


def mask_of(batch: Batch, i: int) -> Bool[Tensor, "height width"]:
    """Where an object is in its first picture."""
    return known(batch.truth.masks)[i, 0, 0].cpu() > 0.5


def camera_of(batch: Batch, i: int) -> PerspectiveCameras:
    """The camera that took the first picture of an object, for the object frame, in the picture's pixels."""
    azimuth, elevation, ratio = batch.cameras[i, 0].cpu()
    there = cameras_from_r2n2(azimuth[None], elevation[None], ratio[None])
    focal_x, focal_y, column, row = known(batch.truth.windows)[i, 0].tolist()
    return PerspectiveCameras(
        focal_length=((focal_x, focal_y),),
        principal_point=((column, row),),
        R=there.R,
        T=there.T,
        in_ndc=False,
        image_size=(tuple(batch.images.shape[-2:]),),
    )


def made_of(system: ShapeSystem, batch: Batch, i: int, camera: PerspectiveCameras) -> Reconstruction:
    """What a system makes of the first picture of an object, with its mask and its camera."""
    masks = known(batch.truth.masks)
    return system.reconstruct(Views([batch.images[i, 0]], [masks[i, 0]], camera))[0]


def draw_both(case: Case) -> list[tuple[str, Float[Tensor, "3 height width"]]]:
    """Prediction (`Case.made`, a mesh in the object frame) and target from the picture's view, and from behind."""
    azimuth, elevation, ratio = known(case.batch.truth.cameras)[0, 0]
    turned = torch.stack([azimuth, azimuth + _BEHIND])
    cameras = cameras_from_r2n2(turned, elevation.expand(2), ratio.clamp_min(_NEAREST).expand(2))
    found = [render_views(mesh, cameras, _PIXELS, antialias=2).images for _, mesh in both_models(case)]
    return [
        (f"{what}{where}", found[k][view])
        for view, where in enumerate(("", ", from behind"))
        for k, what in enumerate(("predicted", "target"))
    ]


def both_models(case: Case) -> list[tuple[str, Meshes]]:
    """Prediction and target in the object frame."""
    return [("predicted", case.made.cpu()), ("target", known(case.batch.truth.meshes).cpu())]
