"""Pictures of fewer pixels."""

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate


def shrunk(
    pictures: Float[Tensor, "picture channel height width"], longest: int
) -> Float[Tensor, "picture channel h w"]:
    """Pictures, or masks, whose longer side is at most so many pixels, each the mean of what it covers.

    Args:
        pictures: which are returned as they are where they are small enough.
        longest: pixels.
    """
    scale = longest / max(pictures.shape[2:])
    if scale >= 1:
        return pictures
    size = [max(1, round(side * scale)) for side in pictures.shape[2:]]
    return interpolate(pictures, size, mode="area")
