"""Colours of vertices, painted in layers: each covers what lies below it by as much as a vertex has of it."""

import torch
import warp as wp
from jaxtyping import Float, UInt8
from torch import Tensor

from maquette.kernels.launch import launch, on_compute_device

wp.set_module_options({"enable_backward": False})


@wp.kernel
def _paint(
    start: int,
    layers: wp.array2d(dtype=wp.uint8),
    ground: wp.array(dtype=wp.vec3),
    colours: wp.array2d(dtype=wp.vec3),
    covers: wp.array2d(dtype=wp.vec3),
    painted: wp.array2d(dtype=wp.vec3),
) -> None:
    item = start + wp.tid()
    picture = item // layers.shape[0]
    vert = item % layers.shape[0]
    colour = ground[picture]
    for k in range(layers.shape[1]):
        cover = covers[picture, k]
        amount = wp.clamp(cover[0] * float(layers[vert, k]) / 255.0 + cover[1], 0.0, cover[2])
        if amount > 0.0:
            colour += (colours[picture, k] - colour) * amount
    painted[picture, vert] = colour


@on_compute_device
def paint_layers(
    layers: UInt8[Tensor, "vert layer"],
    ground: Float[Tensor, "picture 3"],
    colours: Float[Tensor, "picture layer 3"],
    covers: Float[Tensor, "picture layer 3"],
) -> Float[Tensor, "picture vert 3"]:
    """Colours of every picture's vertices: c <- c + clamp(gain x + offset, 0, most) (colour - c), layer by layer.

    Args:
        layers: how much x of each layer a vertex has, in units of 1 / 255; the last layer is on top.
        ground: colour below all layers.
        colours: of the layers.
        covers: gain, offset and most of the layers; most is in [0, 1].
    """
    painted = torch.empty((len(ground), len(layers), 3), device=layers.device)
    inputs = [layers, ground.contiguous(), colours.contiguous(), covers.contiguous(), painted]
    launch(_paint, len(ground) * len(layers), inputs, layers.device)
    return painted
