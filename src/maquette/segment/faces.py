"""`find_faces`: upright faces in a picture, by ImageNet's features and a head that drawings alone taught."""

import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import torch
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate, pad
from torchvision.ops import box_iou, nms

from ..nn.backbones.folding import folded
from .face_net import FACE, SIDES, FaceNet, middles

_STEP = 2**0.5  # between sizes that are looked for
_SMALLEST = 1 / 8  # of the picture's shorter side, that a face is looked for down to
_SEEN = 0.3  # probability from which a cell counts
_OVERLAP, _ALIKE = 0.3, 0.5  # IoU above which two boxes cannot be two faces, and are of the same face
_HALF = 2.0  # cells that all see the same face where its score is a half
SURE = 0.5  # score from which a face counts
_CLOSE = 1.1  # of Unsup3D's demo: half the side of the crop, in mean half sides of the box
_DOWN = 0.15  # of that half side, that the crop is moved down by


@dataclass(frozen=True)
class FoundFace:
    """A face in a picture, in its pixels.

    Attributes:
        box: left, top, right, bottom: from the hairline to the chin.
        eyes: (column, row) of both, the one to the left in the picture first.
        score: in [0, 1]; how sure it is that this is a face.
    """

    box: tuple[float, float, float, float]
    eyes: tuple[tuple[float, float], tuple[float, float]]
    score: float

    @property
    def area(self) -> float:
        """Of the box, in pixels."""
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top)


@dataclass(frozen=True)
class Square:
    """A square in a picture, in its pixels; it may reach beyond the picture.

    Attributes:
        middle: column and row.
        half: half of its side.
        turned: clockwise in the picture, in radians.
    """

    middle: tuple[float, float]
    half: float
    turned: float = 0.0

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the least upright box around it."""
        reach = self.half * (abs(math.cos(self.turned)) + abs(math.sin(self.turned)))
        x, y = self.middle
        return x - reach, y - reach, x + reach, y + reach


def find_faces(
    image: Float[Tensor, "3 height width"], sure: float = SURE, smallest: float = _SMALLEST
) -> list[FoundFace]:
    """Upright faces, seen from the front or turned by up to some 45 degrees, the surest first.

    They are looked for from `smallest` (at least 12 pixels) to all of the picture's shorter side. A face is seen
    from several cells and in more than one size: boxes that overlap are one face, and together say how sure it is.

    Args:
        image: colours in [0, 1].
        sure: least score of what counts as a face, in (0, 1).
        smallest: face that is looked for, as a share of the picture's shorter side.
    """
    picture = image.detach().float().cpu()[None]
    shorter = min(picture.shape[-2:])
    size, found = max(smallest * shorter, 12.0), []
    while size < 1.2 * shorter:
        found.append(_of_size(picture, size))
        size *= _STEP
    if not found:
        return []
    scores, places = (torch.cat(parts) for parts in zip(*found, strict=True))
    middle = places[:, :2].mean(dim=1)
    inside = ((middle > 0) & (middle < torch.tensor(picture.shape[:-3:-1]))).all(dim=1)
    return [face for face in _joined(scores[inside], places[inside]) if face.score >= sure]


def _joined(scores: Tensor, places: Tensor) -> list[FoundFace]:
    """Faces of boxes that overlap: their means by score, the surest face first."""
    boxes = places[:, :2].reshape(-1, 4)
    faces = []
    for i in nms(boxes, scores, _OVERLAP):
        alike = scores * (box_iou(boxes[i : i + 1], boxes)[0] > _ALIKE)
        votes = float(alike.sum())
        mean = (places * alike[:, None, None]).sum(dim=0) / votes
        (left, top), (right, bottom), first, second = mean.tolist()
        eyes = ((first[0], first[1]), (second[0], second[1]))
        faces.append(FoundFace((left, top, right, bottom), eyes, votes / (votes + _HALF)))
    return sorted(faces, key=lambda face: -face.score)


def cut_face(
    image: Float[Tensor, "3 height width"], face: FoundFace, size: int
) -> Float[Tensor, "3 size size"]:
    """The square around a face that Unsup3D's demo cuts out, turned so that its eyes are level.

    Half its side is 1.1 times the mean of the box's half sides, and it lies lower by 0.15 of that. Beyond the
    picture's edge its last pixels go on.

    Args:
        image: colours in [0, 1].
        face: in it.
        size: pixels a side of the square.
    """
    return cut_square(image, face_square(face), size)


def face_square(face: FoundFace) -> Square:
    """The square around a face that `cut_face` cuts out."""
    left, top, right, bottom = face.box
    half = _CLOSE * (right - left + bottom - top) / 4
    (x0, y0), (x1, y1) = face.eyes
    angle = math.atan2(y1 - y0, x1 - x0)
    down = _DOWN * half
    middle = (left + right) / 2 - math.sin(angle) * down, (top + bottom) / 2 + math.cos(angle) * down
    return Square(middle, half, angle)


def cut_square(
    image: Float[Tensor, "3 height width"], square: Square, size: int
) -> Float[Tensor, "3 size size"]:
    """A square of a picture, scaled; beyond the picture's edge its last pixels go on.

    Args:
        image: colours in [0, 1].
        square: in it.
        size: pixels a side of what is cut out.
    """
    half, (cos, sin) = square.half, (math.cos(square.turned), math.sin(square.turned))
    height, width = image.shape[1:]
    finer = min(4, max(1, round(2 * half / size)))  # samples a side of a pixel, whose mean it is
    at = (torch.arange(size * finer, device=image.device) + 0.5) / (size * finer) * 2 - 1
    x, y = half * at[None], half * at[:, None]
    columns, rows = square.middle[0] + cos * x - sin * y, square.middle[1] + sin * x + cos * y
    grid = torch.stack([2 * columns / width - 1, 2 * rows / height - 1], dim=-1)
    fine = grid_sample(image[None].float(), grid[None], padding_mode="border", align_corners=False)
    return interpolate(fine, size=(size, size), mode="area")[0]


def _of_size(picture: Tensor, face: float) -> tuple[Tensor, Tensor]:
    """Scores, and places (face, 4, 2) of boxes and eyes in pixels, of faces of about a size."""
    height, width = (max(1, round(side * FACE / face)) for side in picture.shape[-2:])
    small = interpolate(picture, size=(height, width), mode="bilinear", antialias=True, align_corners=False)
    edge = FACE // 2
    small = pad(small, (edge, edge + -width % SIDES, edge, edge + -height % SIDES), "replicate")
    with torch.inference_mode():
        cells = _network()(small)
    scores = cells.logit[0].sigmoid()
    y, x = torch.nonzero(scores >= _SEEN, as_tuple=True)
    rows, columns = scores.shape
    middle = middles(rows, columns, scores.device)[:, y, x].T
    places = middle[:, None] + FACE * cells.places[0][:, :, y, x].permute(2, 0, 1) - edge
    back = torch.tensor([picture.shape[-1] / width, picture.shape[-2] / height])
    return scores[y, x], places * back


@cache
def _network() -> FaceNet:
    with as_file(files("maquette") / "assets" / "face_finder.safetensors") as path:
        weights = load_file(path)
    network = FaceNet()
    folded(network.features)
    network.load_state_dict({name: tensor.float() for name, tensor in weights.items()}, strict=False)
    return network.eval()
