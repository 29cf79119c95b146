"""The pictures that stand behind drawn objects: photographs of a folder, or drawn ones that "grounds:N" names."""

from jaxtyping import UInt8
from torch import Tensor

from .backgrounds import load_photos
from .drawn_grounds import draw_grounds
from .recognise import count_of_grounds


def photo_bank(place: str) -> UInt8[Tensor, "photo side side 3"]:
    """The photographs of a folder (`load_photos`), or N drawn ones of "grounds:N" (`draw_grounds`).

    Raises:
        BadInput: no folder, or no photograph in it.
        ValueError: none, or too many to draw.
    """
    count = count_of_grounds(place)
    return load_photos(place) if count is None else draw_grounds(count)
