"""`FaceNet`: where in a small picture faces of one size are, and their eyes; fully convolutional."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ..nn.backbones.backbone import Backbone

STRIDE = 8  # pixels between cells
FACE = 48  # pixels of the faces that it finds, mean of width and height of their boxes
SIDES = 16  # stride of the coarser features: sides of pictures are multiples of it
_WIDTH = 64


class FaceCells(NamedTuple):
    """What the network says in every cell.

    Attributes:
        logit: of a face whose middle is in the cell.
        places: of its box's left top and right bottom, then of its eyes, the one to the left in the picture first, as
            (column, row) from the cell's middle, in units of `FACE` pixels.
    """

    logit: Float[Tensor, "picture row column"]
    places: Float[Tensor, "picture 4 2 row column"]


class FaceHead(nn.Module):
    """From features at strides 8 and 16 to what is said of every cell: 19,000 parameters.

    Args:
        fine, coarse: numbers of features.
    """

    def __init__(self, fine: int, coarse: int) -> None:
        super().__init__()
        self.fine, self.coarse = nn.Conv2d(fine, _WIDTH, 1), nn.Conv2d(coarse, _WIDTH, 1)
        self.drop = nn.Dropout2d(0.1)
        layers: list[nn.Module] = [nn.BatchNorm2d(_WIDTH), nn.ReLU()]
        for _ in range(2):
            around = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1, groups=_WIDTH, bias=False)
            across = nn.Conv2d(_WIDTH, _WIDTH, 1, bias=False)
            layers += [around, across, nn.BatchNorm2d(_WIDTH), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(_WIDTH, 9, 1))

    def forward(
        self, fine: Float[Tensor, "picture _f row column"], coarse: Float[Tensor, "picture _c _r _k"]
    ) -> FaceCells:
        """Cells at stride 8 of features at strides 8 and 16."""
        wide = interpolate(
            self.coarse(self.drop(coarse)), size=fine.shape[-2:], mode="bilinear", align_corners=False
        )
        said = self.layers(self.fine(self.drop(fine)) + wide)
        return FaceCells(said[:, 0], said[:, 1:].unflatten(1, (4, 2)))


class FaceNet(nn.Module):
    """Features of MobileNetV2 at strides 8 and 16 (its first 14 layers), and a small head on them."""

    def __init__(self) -> None:
        super().__init__()
        self.features = Backbone("mobilenet_v2", taps=(STRIDE, SIDES))
        self.head = FaceHead(*self.features.channels.values())

    def forward(self, images: Float[Tensor, "picture 3 height width"]) -> FaceCells:
        """Cells of pictures in [0, 1], whose sides are multiples of `SIDES`."""
        fine, coarse = self.features(images).values()
        cells: FaceCells = self.head(fine, coarse)
        return cells


def middles(rows: int, columns: int, device: torch.device) -> Float[Tensor, "2 row column"]:
    """(column, row) of the middles of cells, in pixels."""
    y, x = (((torch.arange(n, device=device) + 0.5) * STRIDE) for n in (rows, columns))
    return torch.stack(torch.broadcast_tensors(x[None], y[:, None]))
