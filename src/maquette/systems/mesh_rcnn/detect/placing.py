"""Where the objects that were found stand in the scene."""

import torch
from jaxtyping import Float
from torch import Tensor

from ....ops.box_frustum import BoxFrustums
from ....structures import Meshes
from ....structures.reconstruction import Reconstruction
from .network import DetectNetwork, Found
from .targets import depths_around

_DISTANCE = 2.0  # of classes of whose heights nothing is known


def placed(
    found: Found, network: DetectNetwork, camera: Float[Tensor, " 4"], most: int | None = None
) -> list[Reconstruction]:
    """What was found, in the camera frame.

    How far away an object is no picture tells: it is put where it is as tall as its class is in the mean of the
    training data (`DetectNetwork.heights`), which its fact `distance` says.

    Args:
        found: in a picture.
        network: that found it.
        camera: focal lengths along columns and rows, and column and row of the optical axis, in pixels.
        most: how many of the surest.
    """
    boxes = found.boxes[:most]
    cameras = camera.to(boxes).expand(len(boxes), -1)
    distances = distances_of(found, network, camera)[:most]
    frustums = BoxFrustums.behind(boxes, cameras, depths_around(found.extents[:most], distances, cameras))
    made = []
    for i, (box, distance) in enumerate(zip(boxes, distances.tolist(), strict=True)):
        verts, faces = found.meshes.verts_list()[i], found.meshes.faces_list()[i]
        mesh = Meshes([frustums[torch.tensor([i])].out_of_cubes(verts[None])[0]], [faces])
        label = network.config.classes[int(found.labels[i])]
        guessed = bool(found.guessed[i])
        why = f"the {label} is a guess: no cell of its voxels reaches {network.config.threshold:g}"
        made.append(
            Reconstruction(
                mesh.cpu(),
                "camera",
                box=box.cpu(),
                mask=found.masks[i][None].float().cpu(),
                label=label,
                score=min(1.0, float(found.scores[i])),
                facts={"distance": round(distance, 6)},
                remarks=(why,) if guessed else (),
            )
        )
    return made


def distances_of(
    found: Found, network: DetectNetwork, camera: Float[Tensor, " 4"]
) -> Float[Tensor, " object"]:
    """Distance of each object's middle at which its box is as tall as its class is."""
    usual = network.heights[found.labels]
    heights = (found.boxes[:, 3] - found.boxes[:, 1]).clamp_min(1e-3)
    return torch.where(usual > 0, usual * camera[1].to(usual) / heights, _DISTANCE)
