"""What makes drawn objects harder to cut out: shadows that they throw, and pictures that are not sharp."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample, interpolate

_SHEAR, _FALL, _FLAT = 0.8, 0.12, (0.25, 1.0)
_DARK, _SOFT = (0.2, 0.8), (3, 25)
_LEAST = 1 / 3

Pictures = Float[Tensor, "picture 3 size size"]
Masks = Float[Tensor, "picture 1 size size"]


def with_shadows(images: Pictures, masks: Masks, share: float) -> Pictures:
    """Darken what is behind some objects by their own outline, sheared, flattened towards its foot, and blurred.

    Args:
        images: RGB in [0, 1].
        masks: 1 on the object.
        share: probability of a shadow.
    """
    count, device = len(images), images.device
    rows = torch.arange(masks.shape[2], device=device).view(-1, 1)
    foot = 2 * torch.where(masks[:, 0] > 0.5, rows, 0).flatten(1).amax(1) / masks.shape[2] - 1
    shear, fall, flat, dark = torch.rand(4, count, device=device)
    flat = 1 / (_FLAT[0] + (_FLAT[1] - _FLAT[0]) * flat)
    shear, fall = _SHEAR * (2 * shear - 1) * flat, _FALL * (2 * fall - 1)
    lies = torch.zeros(count, 2, 3, device=device)
    lies[:, 0, 0], lies[:, 0, 1], lies[:, 0, 2] = 1, shear, fall - shear * foot
    lies[:, 1, 1], lies[:, 1, 2] = flat, foot * (1 - flat)
    shadow = grid_sample(
        masks, affine_grid(lies, list(masks.shape), align_corners=False), align_corners=False
    )
    soft = 2 * int(torch.randint(_SOFT[0] // 2, _SOFT[1] // 2, ())) + 1
    shadow = avg_pool2d(avg_pool2d(shadow, soft, 1, soft // 2), soft, 1, soft // 2)
    strength = (_DARK[0] + (_DARK[1] - _DARK[0]) * dark) * (torch.rand(count, device=device) < share)
    darkened: Tensor = images * (1 - strength.view(-1, 1, 1, 1) * shadow * (1 - masks))
    return darkened


def softened(images: Pictures, share: float) -> Pictures:
    """Scale some pictures down, to a third at the least, and up again.

    Args:
        images: RGB in [0, 1].
        share: probability that a picture is.
    """
    made = images.clone()
    for one, chosen, factor in zip(made, *torch.rand(2, len(images)).tolist(), strict=True):
        if chosen < share:
            fewer = max(1, round(one.shape[-1] * (_LEAST + (1 - _LEAST) * factor)))
            small = interpolate(one[None], (fewer, fewer), mode="bilinear", antialias=True)
            one.copy_(interpolate(small, one.shape[-2:], mode="bilinear")[0])
    return made
