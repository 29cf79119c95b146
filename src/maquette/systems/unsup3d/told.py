"""What is told of a picture that was taken apart: light and view in degrees, and maps to look at."""

import math
from typing import Any

from jaxtyping import Float
from torch import Tensor

from ...structures.picture_map import PictureMap
from .config import FormationConfig
from .formation import Canonical, Light


def light_facts(light: Light) -> dict[str, float]:
    """Light on the first object, seen from the front.

    Returns:
        strengths `ambient` and `diffuse`, and in degrees `azimuth`, from where the directed light comes: 0 from the
        camera, positive from the right in the picture, and `elevation`: positive from above.
    """
    x, y, z = light.direction[0].tolist()  # the light's own way, in a frame with y down
    return {
        "ambient": round(float(light.ambient[0]), 4),
        "diffuse": round(float(light.diffuse[0]), 4),
        "azimuth": round(math.degrees(math.atan2(-x, z)), 2),
        "elevation": round(math.degrees(math.asin(max(-1.0, min(y, 1.0)))), 2),
    }


def view_facts(view: Float[Tensor, "picture 6"]) -> dict[str, Any]:
    """How the first object is turned in its picture, by angles that are applied as pitch, yaw, roll.

    Of the object from the front, as maps show it; its mesh is turned by the pitch already.

    Returns:
        degrees `pitch`, positive looks up; `yaw`, positive to the right in the picture; `roll`, positive clockwise;
        and `shift` right, down and away, in units in which the object is about 1 before the camera.
    """
    pitch, yaw, roll = view[0, :3].rad2deg().tolist()
    shift = [round(part, 4) + 0.0 for part in view[0, 3:].tolist()]  # without -0
    return {"pitch": round(-pitch, 2), "yaw": round(-yaw, 2), "roll": round(roll, 2), "shift": shift}


def camera_normals(normals: Float[Tensor, "h w 3"]) -> Float[Tensor, "3 h w"]:
    """Towards the camera, in the camera frame of reconstructions (+X left, +Y up, +Z into the scene)."""
    return normals.permute(2, 0, 1) * normals.new_tensor([1.0, 1.0, -1.0])[:, None, None]


def confidence_of(sigma: Float[Tensor, "1 h w"]) -> Float[Tensor, "1 h w"]:
    """1 / (1 + sigma): 1 is certain."""
    return 1 / (1 + sigma)


def maps_of(
    image: Float[Tensor, "3 h w"],
    found: Canonical,
    confidence: Float[Tensor, "1 h w"] | None,
    config: FormationConfig,
) -> dict[str, PictureMap]:
    """Pictures of what was found of the first object.

    Args:
        image: that the networks were shown, in [0, 1].
        found: the object from the front.
        confidence: of the picture's pixels; None where the networks have none.
        config: range of depths.
    """
    front, shading = "from the front", found.shading[0]
    normals = camera_normals(found.normals[0])
    towards = normals * normals.new_tensor([-1.0, 1.0, -1.0])[:, None, None]
    maps = {
        "input": PictureMap(image, shows="the part of the picture that was looked at"),
        "depth": PictureMap(
            found.depth[:1], *config.depth, deep=True, shows=f"distance {front}; black is near"
        ),
        "normals": PictureMap(towards, -1.0, 1.0, shows=f"{front}: right, up and towards the viewer"),
        "albedo": PictureMap(found.albedo[0], -1.0, 1.0, shows=f"colours without light, {front}"),
        "shading": PictureMap(
            shading, 0.0, max(1.0, float(shading.max())), shows=f"factor on the colours, {front}"
        ),
        "canonical": PictureMap(found.image[0], -1.0, 1.0, shows=f"lit colours, {front}"),
    }
    if confidence is not None:
        maps["confidence"] = PictureMap(confidence, shows="1 / (1 + uncertainty) of each pixel of the input")
    return maps
