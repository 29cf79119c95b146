"""A photograph of an object as a generator of drawn pictures would show it, so that its like can be looked for."""

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate, pad

from ..io.errors import BadInput
from ..segment import find_object
from ..structures.mask_box import mask_box

SIZE = 256
_FILLED = 0.66  # of the picture's side that the object's longer side takes, as in the mean of drawn pictures
_GREY = 240 / 255


def drawn_look(
    photo: Float[Tensor, "3 height width"], name: str, grey: float = _GREY
) -> Float[Tensor, "3 {SIZE} {SIZE}"]:
    """The object alone, in the middle, before plain grey.

    Args:
        photo: RGB in [0, 1].
        name: of it, for what is wrong with it.
        grey: of the background, in [0, 1].

    Raises:
        BadInput: no object is found in it.
    """
    found = find_object(photo)
    box = None if found is None else mask_box(found.mask[0] > 0.5)
    if found is None or box is None:
        raise BadInput(name, "no object was found in the photograph")
    top, bottom, left, right = box
    alone = photo * found.mask + grey * (1 - found.mask)
    alone = alone[:, top:bottom, left:right]
    side = round(max(alone.shape[1:]) / _FILLED)
    across, down = side - alone.shape[2], side - alone.shape[1]
    border = (across // 2, across - across // 2, down // 2, down - down // 2)
    whole = pad(alone[None], border, value=grey)
    return interpolate(whole, (SIZE, SIZE), mode="bilinear", antialias=True)[0].clamp(0, 1)
