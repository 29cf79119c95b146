"""Colours of vertices, painted in layers: each covers what lies below it by as much as a vertex has of it."""

import torch
import warp as wp
from jaxtyping import Float
from torch import Tensor

from maquette.kernels.lanes import LANES, Lanes, floats, octets
from maquette.kernels.launch import launch, on_compute_device

wp.set_module_options({"enable_backward": False})

_LANES = wp.constant(LANES)


@wp.func
def _amounts(layer: octets, cover: wp.vec3) -> floats:
    amounts = floats()
    for i in range(_LANES):
        amounts[i] = wp.min(wp.max(cover[0] * float(layer[i]) / 255.0 + cover[1], 0.0), cover[2])
    return amounts


@wp.func
def _covered(below: floats, colour: float, amounts: floats) -> floats:
    above = floats()
    for i in range(_LANES):
        above[i] = below[i] + (colour - below[i]) * amounts[i]
    return above


@wp.kernel
def _paint(
    start: int,
    layers: wp.array2d(dtype=octets),
    ground: wp.array(dtype=wp.vec3),
    colours: wp.array2d(dtype=wp.vec3),
    covers: wp.array2d(dtype=wp.vec3),
    painted: wp.array2d(dtype=wp.vec3),
) -> None:
    item = start + wp.tid()
    block = item // ground.shape[0]
    picture = item % ground.shape[0]
    below = ground[picture]
    red, green, blue = floats(below[0]), floats(below[1]), floats(below[2])
    for k in range(layers.shape[1]):
        amounts = _amounts(layers[block, k], covers[picture, k])
        colour = colours[picture, k]
        red = _covered(red, colour[0], amounts)
        green = _covered(green, colour[1], amounts)
        blue = _covered(blue, colour[2], amounts)
    first = block * _LANES
    for i in range(wp.min(_LANES, painted.shape[1] - first)):
        painted[picture, first + i] = wp.vec3(red[i], green[i], blue[i])


@on_compute_device
def paint_layers(
    layers: Lanes,
    ground: Float[Tensor, "picture 3"],
    colours: Float[Tensor, "picture layer 3"],
    covers: Float[Tensor, "picture layer 3"],
) -> Float[Tensor, "picture vert 3"]:
    """Colours of every picture's vertices: c <- c + clamp(gain x + offset, 0, most) (colour - c), layer by layer.

    Args:
        layers: (vert, layer) uint8: how much x of each layer a vertex has, in units of 1 / 255, in lanes; the last
            layer is on top.
        ground: colour below all layers.
        colours: of the layers.
        covers: gain, offset and most of the layers; most is in [0, 1].
    """
    painted = torch.empty((len(ground), layers.rows, 3), device=layers.device)
    inputs = [layers.values, ground.contiguous(), colours.contiguous(), covers.contiguous(), painted]
    launch(_paint, len(ground) * len(layers.values), inputs, layers.device)
    return painted
