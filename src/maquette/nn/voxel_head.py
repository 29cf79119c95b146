"""The voxel branch of Mesh R-CNN: a map of features to logits of a grid whose depths are channels."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

_NORM_GROUPS = 32
_PREDICTOR_STD = 0.001


class VoxelHead(nn.Module):
    """Resized map, 3x3 convolutions, a transposed one that doubles the sides, and 1x1 to the depths.

    As Mesh R-CNN (Gkioxari et al., ICCV 2019) has it in both of its branches: He's initial values, a predictor of
    N(0, 0.001). Of 2,048 channels to 48^3 cells it has 6,763,824 parameters.

    Args:
        in_channels: of the map.
        size: cells along rows, columns and depth; even.
        width: channels of the convolutions.
        convs: how many 3x3 convolutions.
        norm: "group": 32 groups, and no biases before them.
        classes: grids that are predicted, one behind the other along the channels.
        folded: take the first convolution before the map is resized, where the map has fewer pixels before: both are
            linear. The same result; of a map of 5 x 5 by a twentieth of that layer's products.

    Raises:
        ValueError: an odd size.
    """

    def __init__(
        self,
        in_channels: int,
        size: int = 48,
        width: int = 256,
        convs: int = 4,
        norm: Literal["none", "group"] = "none",
        classes: int = 1,
        folded: bool = False,
    ) -> None:
        super().__init__()
        if size % 2:
            raise ValueError(f"size must be even, got {size}")
        self.size, self.folded = size, folded and convs > 0
        channels = [in_channels] + [width] * convs
        with_bias = norm == "none"
        layers = [nn.Conv2d(before, width, 3, padding=1, bias=with_bias) for before in channels[:convs]]
        self.convs = nn.ModuleList(layers)
        self.norms = nn.ModuleList(
            nn.Identity() if with_bias else nn.GroupNorm(_NORM_GROUPS, width) for _ in range(convs)
        )
        self.deconv = nn.ConvTranspose2d(channels[-1], width, 2, stride=2)
        self.predictor = nn.Conv2d(width, classes * size, 1)
        for layer in (*layers, self.deconv):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        nn.init.normal_(self.predictor.weight, std=_PREDICTOR_STD)
        for bias in (layer.bias for layer in (*layers, self.deconv, self.predictor)):
            if bias is not None:
                nn.init.zeros_(bias)

    def forward(self, x: Float[Tensor, "batch channel h w"]) -> Float[Tensor, "batch depth size size"]:
        """Logits; the first of several classes comes first."""
        half = self.size // 2
        folded = self.folded and x.shape[2] * x.shape[3] < half * half
        if not folded:
            x = F.interpolate(x, (half, half), mode="bilinear", align_corners=False)
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            x = F.relu(norm(self._resized(conv, x, half) if folded and i == 0 else conv(x)))
        found: Tensor = self.predictor(F.relu(self.deconv(x)))
        return found

    @staticmethod
    def _resized(conv: nn.Module, x: Tensor, size: int) -> Tensor:
        assert isinstance(conv, nn.Conv2d)
        return resized_conv(x, conv.weight, conv.bias, size)


def resized_conv(
    x: Float[Tensor, "batch channel h w"],
    weight: Float[Tensor, "out channel 3 3"],
    bias: Float[Tensor, " out"] | None,
    size: int,
) -> Float[Tensor, "batch out size size"]:
    """`conv2d(interpolate(x, size, "bilinear"), weight, bias, padding=1)`, with the products on the small map.

    A tap k of the convolution reads resized pixels shifted by k: shift and resizing are one matrix A_k a side, so
    that the result is the sum over taps of A_ky (W_k x) A_kx^T.

    Args:
        x: a map of fewer pixels than the result.
        weight: of the convolution.
        bias: of the convolution.
        size: pixels a side that the map is resized to.
    """
    out, channels = weight.shape[:2]
    height, width = x.shape[2:]
    taps = weight.permute(2, 3, 0, 1).reshape(9 * out, channels, 1, 1)
    products = F.conv2d(x, taps).unflatten(1, (3, 3, out))
    across = torch.einsum("nyxoab,xwb->nyoaw", products, _shifted_resizing(width, size, x))
    made = torch.einsum("nyoaw,yha->nohw", across, _shifted_resizing(height, size, x))
    return made if bias is None else made + bias[:, None, None]


def _shifted_resizing(before: int, after: int, like: Tensor) -> Float[Tensor, "3 after before"]:
    """What each tap of a row of three reads of `before` pixels resized to `after`: 0 beyond the border."""
    eye = torch.eye(before, dtype=like.dtype, device=like.device)
    resize = F.interpolate(eye[None], after, mode="linear", align_corners=False)[0].T
    padded = F.pad(resize, (0, 0, 1, 1))
    return torch.stack([padded[k : k + after] for k in range(3)])
