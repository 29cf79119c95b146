"""What of a picture the network sees: the same square of it as in training."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from ..data.framing import frame_object
from ..data.views_config import ViewsConfig
from ..io.errors import BadInput
from ..structures.views import Views

BACKGROUND = 240 / 255


def frame_views(views: Views, config: ViewsConfig) -> Float[Tensor, "view 3 size size"]:
    """Pictures as the network sees them, framed as in training but without anything random.

    Framing "object": the square around the object's mask. Framing "camera": the picture's shorter side scaled
    to `render_size`, and the square of `size` in its middle. What a mask excludes becomes the grey of
    3D-R2N2's test pictures.

    Args:
        views: pictures of any sizes; with framing "object" all must have masks.
        config: how the network's training pictures were taken.

    Raises:
        BadInput: a mask that shows no object.
        ValueError: no mask where one is needed.
    """
    masks = views.masks or [None] * len(views)
    names = views.names or [f"picture {i}" for i in range(len(views))]
    framed = []
    for image, mask, name in zip(views.images, masks, names, strict=True):
        if mask is not None and not (mask > 0.5).any():
            raise BadInput(name, "the mask shows no object")
        if config.framing == "camera":
            framed.append(_middle(image, mask, config))
            continue
        if mask is None:
            raise ValueError(f"{name} needs a mask")
        margin = sum(config.margin) / 2
        framed.append(frame_object(image, mask.to(image), config.size, margin, (BACKGROUND,) * 3))
    return torch.stack(framed)


def _middle(image: Tensor, mask: Tensor | None, config: ViewsConfig) -> Float[Tensor, "3 size size"]:
    if mask is not None:
        image = image * mask + BACKGROUND * (1 - mask)
    height, width = image.shape[1:]
    scale = config.render_size / min(height, width)
    sides = [max(config.render_size, round(side * scale)) for side in (height, width)]
    if (height, width) != tuple(sides):
        image = F.interpolate(image[None], sides, mode="bilinear", antialias=True)[0].clamp(0, 1)
    top, left = ((side - config.size) // 2 for side in sides)
    return image[:, top : top + config.size, left : left + config.size]
