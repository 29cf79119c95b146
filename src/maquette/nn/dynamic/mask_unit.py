"""Mask units: which positions of a map deserve more work."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from .active import as_rows
from .gate import straight_through

MaskKind = Literal["squeeze", "conv1x1"]
NOISE_UNTIL = 0.8


class Squeeze(nn.Module):
    """Logits of a 3 x 3 convolution, plus those of a linear layer on the mean over the map.

    Both are one matrix product: ten values at each position, of which nine are summed over neighbours and the tenth
    over the map. Features are read once, and not by a convolution, which is made for many channels going out and
    takes several times as long.

    Args:
        channels: coming in.
        stride: of the convolution; all positions are computed, and those between are left out.
    """

    def __init__(self, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.fc = nn.Linear(channels, 1)
        self.conv = nn.Conv2d(channels, 1, 3, stride, padding=1)

    def forward(self, x: Float[Tensor, "batch channel H W"]) -> Float[Tensor, "batch 1 h w"]:
        """Logits."""
        mirrored = (
            self.conv.weight[0].flatten(1).flip(1).t()
        )  # a sum over neighbours, seen from the neighbours
        products = as_rows(x) @ torch.cat([mirrored, self.fc.weight]).t()
        products = products.view(x.shape[0], -1, 10).mT
        local = F.fold(products[:, :9], x.shape[2:], 3, padding=1)
        if (step := self.conv.stride[0]) > 1:
            local = local[..., ::step, ::step]
        assert self.conv.bias is not None
        whole = products[:, 9:].mean(2) + (self.fc.bias + self.conv.bias)
        return local + whole[:, :, None, None]


class MaskUnit(nn.Module):
    """Finds where a block works: by chance while it trains, where the logit is >= 0 in evaluation.

    Args:
        channels: coming in.
        stride: of the block.
        kind: "squeeze", a 3 x 3 convolution and a look at the whole map (published for classification), or
            "conv1x1" (published for poses).

    Attributes:
        temperature, noise: of `straight_through`, in training; `set_gumbel` sets them.
    """

    def __init__(self, channels: int, stride: int = 1, kind: MaskKind = "squeeze") -> None:
        super().__init__()
        squeeze = kind == "squeeze"
        self.maskconv = Squeeze(channels, stride) if squeeze else nn.Conv2d(channels, 1, 1, stride)
        self.temperature, self.noise = 1.0, True

    @property
    def conv(self) -> nn.Conv2d:
        """The convolution that gives a logit to each position."""
        return self.maskconv.conv if isinstance(self.maskconv, Squeeze) else self.maskconv

    def forward(self, x: Float[Tensor, "batch channel H W"]) -> Float[Tensor, "batch 1 h w"]:
        """The hard mask, 0 or 1; in training with the gradient of the soft one."""
        logits: Tensor = self.maskconv(x)
        if self.training:
            return straight_through(logits, self.temperature, self.noise)
        return (logits >= 0).to(logits.dtype)


def set_gumbel(module: nn.Module, temperature: float, noise: bool) -> None:
    """Set temperature and noise of every mask unit below a module.

    Published: temperature 1; for ImageNet 5, and 2.5 and 1 from a third and two thirds of the epochs on. Noise as
    `noise_is_on` says.

    Raises:
        ValueError: a temperature that is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"temperature is to be above 0, not {temperature}")
    for unit in module.modules():
        if isinstance(unit, MaskUnit):
            unit.temperature, unit.noise = temperature, noise


def noise_is_on(progress: float) -> bool:
    """Whether masks are drawn with noise at this share of the training, in [0, 1]: until 80 %, as published."""
    return progress <= NOISE_UNTIL


def force_share(unit: MaskUnit, x: Float[Tensor, "batch channel H W"], share: float) -> None:
    """Move the bias of a mask unit so that this share of the positions of a map is active.

    Args:
        unit: in evaluation.
        x: the map.
        share: in [0, 1].
    """
    bias = unit.conv.bias
    assert bias is not None
    with torch.no_grad():
        logits = unit.maskconv(x).flatten().sort(descending=True).values
        active = round(share * len(logits))
        after = logits[active] if active < len(logits) else logits[-1] - 2
        before = logits[active - 1] if active else logits[0] + 2
        bias -= (before + after) / 2
