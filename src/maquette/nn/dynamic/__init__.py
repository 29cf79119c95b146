"""Residual blocks that work only where a mask says so, for any convolutional network.

`blocks` has the blocks; `gate` what one of them did in a call; `mask_unit` finds the mask; `budget` is the loss that
makes masks sparse; `branch` computes a branch at every position or at the active ones, which `active` lists;
`break_even` says where that is faster. After
Verelst and Tuytelaars, "Dynamic Convolutions: Exploiting Spatial Sparsity for Faster Inference" (CVPR 2020), and
their released code. How to use them, and where they pay: `docs/dynamic.md`.
"""

from .blocks import DynamicBasicBlock, DynamicBlock, DynamicBottleneck, DynamicInvertedResidual
from .budget import budget_loss
from .gate import Gate, dilate
from .mask_unit import MaskUnit, set_gumbel

__all__ = [
    "DynamicBasicBlock",
    "DynamicBlock",
    "DynamicBottleneck",
    "DynamicInvertedResidual",
    "Gate",
    "MaskUnit",
    "budget_loss",
    "dilate",
    "set_gumbel",
]
