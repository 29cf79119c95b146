"""`crop`: the part of a picture that the networks are shown."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ...io.errors import BadInput
from ...segment import FoundFace, Square, cut_square, face_square, find_faces, find_object
from ...structures.mask_box import mask_box
from ...structures.views import Views

_SURE = 0.6  # score of a face that is looked for in every picture
_FILLED = 0.3  # share of the object's box that a face covers where the picture is about it
LEAST = 32  # pixels a side of a picture, and of a face in it
_ASK = "--box X Y W H says where it is (in Python Views.boxes)"


@dataclass(frozen=True)
class Crop:
    """A part of a picture.

    Attributes:
        image: colours in [0, 1].
        square: where it was in the picture.
        by: "face" or "box", what it was cut around.
        remarks: sentences that a person should know.
    """

    image: Float[Tensor, "3 size size"]
    square: Square
    by: str
    remarks: tuple[str, ...] = ()


def crop(
    image: Float[Tensor, "3 height width"],
    size: int,
    name: str,
    box: tuple[float, float, float, float] | None = None,
) -> Crop:
    """The square that shows the face, or what a box says.

    Without a box the largest face is cut out as Unsup3D's demo does, its eyes level (`segment.cut_face`). With one it
    is the square with the box's middle and its longer side.

    Args:
        image: colours in [0, 1].
        size: pixels a side of what is cut out.
        name: of the picture.
        box: left, top, width and height in pixels.

    Raises:
        BadInput: no face, or fewer pixels than 32 a side.
    """
    height, width = image.shape[1:]
    _need_pixels(name, "the picture", width, height)
    if box is not None:
        left, top, across, down = box
        _need_pixels(name, "the box", across, down)
        square = Square((left + across / 2, top + down / 2), max(across, down) / 2)
        return Crop(cut_square(image, square, size), square, "box")
    faces = _apart(find_faces(image))
    if not faces:
        raise BadInput(name, f"no face was found in the picture; {_ASK}")
    square = face_square(faces[0])
    _need_pixels(name, "the face", round(2 * square.half), round(2 * square.half))
    said = f"{len(faces)} faces were found, of which the largest is shown; --box X Y W H takes another"
    return Crop(cut_square(image, square, size), square, "face", (said,) if len(faces) > 1 else ())


def is_portrait(views: Views) -> bool:
    """Whether a face fills the only picture, as far as the object in it does: at least three tenths of the
    object's box.

    The object is what its mask says, or what is found (`segment.find_object`); else the whole picture.
    """
    image = views.images[0]
    faces = find_faces(image, _SURE) if min(image.shape[1:]) >= LEAST else []
    if not faces:
        return False
    mask = views.masks[0] if views.masks else None
    if mask is None:
        found = find_object(image)
        mask = torch.ones_like(image[:1]) if found is None else found.mask
    box = mask_box(mask[0] > 0.5)
    if box is None:
        return False
    top, bottom, left, right = box
    return max(face.area for face in faces) >= _FILLED * (bottom - top) * (right - left)


def _apart(faces: Sequence[FoundFace]) -> list[FoundFace]:
    """The largest first, without what is found in the middle of a larger one."""
    kept: list[FoundFace] = []
    for face in sorted(faces, key=lambda face: face.area, reverse=True):
        x, y = ((face.box[i] + face.box[i + 2]) / 2 for i in (0, 1))
        if not any(box[0] < x < box[2] and box[1] < y < box[3] for box in (one.box for one in kept)):
            kept.append(face)
    return kept


def _need_pixels(name: str, what: str, width: float, height: float) -> None:
    if min(width, height) < LEAST:
        raise BadInput(name, f"{what} is {width:g} x {height:g}; at least {LEAST} pixels a side are needed")
