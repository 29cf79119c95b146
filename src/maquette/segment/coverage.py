"""How much of each pixel an object covers before a plain background: outlines finer than pixels."""

import numpy as np
import torch
from jaxtyping import Float
from scipy import ndimage
from torch import Tensor

_CORE = 2.0  # pixels from the outline, from which on a pixel shows nothing but the object
_LEAST = 1e-3  # squared difference of colours that something is divided by


def coverage(
    image: Float[Tensor, "3 height width"], mask: Float[Tensor, "1 height width"]
) -> Float[Tensor, "1 height width"]:
    """The share of the object in each pixel, from 0 to 1: a mask counts all pixels that it has some part in.

    A pixel of colour p shows a (f - b) + b, b the background's colour (the border's median) and f that of the nearest
    pixel well inside: a = (p - b) . (f - b) / |f - b|^2.

    Args:
        image: colours in [0, 1], before a background of one colour.
        mask: > 0.5 on the object and what it has a part in.
    """
    pixels = image.detach().cpu().permute(1, 2, 0).numpy()
    inside = mask[0].detach().cpu().numpy() > 0.5
    if not inside.any():
        return torch.zeros_like(mask)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    background = np.median(border, axis=0)
    depth = ndimage.distance_transform_edt(inside)
    core = depth >= min(_CORE, float(depth.max()))
    rows, columns = ndimage.distance_transform_edt(~core, return_distances=False, return_indices=True)
    way = pixels[rows, columns] - background
    share = ((pixels - background) * way).sum(-1) / np.maximum((way * way).sum(-1), _LEAST)
    near = ndimage.binary_dilation(inside)
    made = np.where(core, 1.0, np.clip(share, 0, 1) * near)
    return torch.from_numpy(made.astype(np.float32))[None].to(image.device)
