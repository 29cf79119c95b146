"""`FaceNet`: where in a small grey picture faces of one size are, and their eyes; fully convolutional."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pad

STRIDE = 4  # pixels between cells
FACE = 20  # pixels of the faces that it finds, mean of width and height of their boxes
_WIDTH = 48
_AROUND = 16  # pixels to each side that brightness and contrast are brought to one level in
_CONTRAST = 0.02  # below it there is nothing to see


class FaceCells(NamedTuple):
    """What the network says in every cell.

    Attributes:
        logit: of a face whose middle is in the cell.
        places: of its box's left top and right bottom, then of its eyes, the one to the left in the picture first, as
            (column, row) from the cell's middle, in units of `FACE` pixels.
    """

    logit: Float[Tensor, "picture row column"]
    places: Float[Tensor, "picture 4 2 row column"]


class FaceNet(nn.Module):
    """Six convolutions, each of whose cells sees 39 pixels; 65,000 parameters."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inner, outer, stride in ((1, 16, 2), (16, 32, 2), *((w, _WIDTH, 1) for w in (32, *[_WIDTH] * 2))):
            layers += [nn.Conv2d(inner, outer, 3, stride, 1, bias=False), nn.BatchNorm2d(outer), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(_WIDTH, 9, 3, 1, 1))

    def forward(self, images: Float[Tensor, "picture 3 height width"]) -> FaceCells:
        """Cells of pictures in [0, 1], whose sides are multiples of `STRIDE`."""
        said = self.layers(levelled(images))
        return FaceCells(said[:, 0], said[:, 1:].unflatten(1, (4, 2)))


def levelled(images: Float[Tensor, "picture 3 height width"]) -> Float[Tensor, "picture 1 height width"]:
    """Grey pictures, of which brightness and contrast around every pixel are brought to one level."""
    grey = images.mean(dim=1, keepdim=True)
    mean = _around(grey)
    spread = (_around(grey * grey) - mean * mean).clamp(min=0).sqrt()
    return (grey - mean) / (spread + _CONTRAST)


def _around(grey: Tensor) -> Tensor:
    side = 2 * _AROUND + 1
    wide = pad(grey, [_AROUND] * 4, mode="replicate")
    return avg_pool2d(avg_pool2d(wide, (1, side), 1), (side, 1), 1)


def middles(rows: int, columns: int, device: torch.device) -> Float[Tensor, "2 row column"]:
    """(column, row) of the middles of cells, in pixels."""
    y, x = (((torch.arange(n, device=device) + 0.5) * STRIDE) for n in (rows, columns))
    return torch.stack(torch.broadcast_tensors(x[None], y[:, None]))
