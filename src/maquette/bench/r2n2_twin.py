"""3D-R2N2 as one would write it down: unpooling, then convolution; the zeros of the first state multiplied."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from ..nn.conv_recurrence import ConvGRU3d, ConvLSTM3d, Gate
from ..nn.residual import UnpoolResidualBlock3d
from ..nn.unpool_conv3d import unpool3d
from ..systems.r2n2.decoder import Decoder, SimpleTail, SimpleUnpoolBlock
from ..systems.r2n2.encoder import Encoder, PooledResidualBlock, SimpleBlock
from ..systems.r2n2.network import R2N2Network

_SLOPE = 0.01


def plain_logits(
    network: R2N2Network, images: Float[Tensor, "batch view 3 h w"]
) -> Float[Tensor, "batch 2 x y z"]:
    """The logits of `network` with its own weights, every layer computed as published and as PyTorch does it.

    Args:
        network: without normalisation, and of the published slope.
        images: RGB in [0, 1].

    Raises:
        ValueError: a network with normalisation or another slope.
    """
    if network.config.norm != "none" or network.config.slope != _SLOPE:
        raise ValueError(f"the plain twin has no normalisation and a slope of {_SLOPE}")
    features = _encode(network.encoder, images.flatten(0, 1)).unflatten(0, images.shape[:2])
    cell = network.recurrence
    state = _gru(cell, features) if isinstance(cell, ConvGRU3d) else _lstm(cell, features)
    return _decode(network.decoder, state)


def _act(x: Tensor) -> Tensor:
    return F.leaky_relu(x, _SLOPE)


def _encode(encoder: Encoder, x: Tensor) -> Tensor:
    for block in encoder.blocks:
        if isinstance(block, SimpleBlock):
            x = _act(F.max_pool2d(block.conv(x), 2, padding=1))
        elif isinstance(block, PooledResidualBlock):
            y = _act(block.conv2(_act(block.conv1(x))))
            x = F.max_pool2d(y + block.skip(x) if block.has_skip else y, 2, padding=1)
    return _act(encoder.dense(x.flatten(1)))


def _gate(gate: Gate, x: Tensor, state: Tensor) -> Tensor:
    total: Tensor = gate.input(x).unflatten(-1, gate.shape) + gate.state(state)
    return total


def _zeros(gate: Gate, x: Tensor) -> Tensor:
    return x.new_zeros(len(x), *gate.shape)


def _gru(cell: ConvGRU3d, x: Tensor) -> Tensor:
    state = _zeros(cell.update, x)
    for view in range(x.shape[1]):
        u = torch.sigmoid(_gate(cell.update, x[:, view], state))
        r = torch.sigmoid(_gate(cell.reset, x[:, view], state))
        state = (1 - u) * state + u * torch.tanh(_gate(cell.candidate, x[:, view], r * state))
    return state


def _lstm(cell: ConvLSTM3d, x: Tensor) -> Tensor:
    memory = hidden = _zeros(cell.forget, x)
    for view in range(x.shape[1]):
        f = torch.sigmoid(_gate(cell.forget, x[:, view], hidden))
        i = torch.sigmoid(_gate(cell.insert, x[:, view], hidden))
        memory = f * memory + i * torch.tanh(_gate(cell.candidate, x[:, view], hidden))
        hidden = torch.tanh(memory)
    return hidden


def _decode(decoder: Decoder, x: Tensor) -> Tensor:
    for block in decoder.blocks:
        u = unpool3d(x)
        if isinstance(block, SimpleUnpoolBlock):
            x = _act(_convolve(block.conv, u))
        elif isinstance(block, UnpoolResidualBlock3d):
            y = _act(block.conv2(_act(_convolve(block.conv1, u))))
            x = y + (u if block.skip is None else _convolve(block.skip, u))
    tail = decoder.tail
    if isinstance(tail, SimpleTail):
        x = _act(tail.conv(x))
    else:
        a = _act(tail.conv1(x))
        b = _act(tail.conv2(a))
        x = b + tail.skip(b if tail.skip_from_second else a)
    logits: Tensor = decoder.classes(x)
    return logits


def _convolve(conv: torch.nn.Conv3d, u: Tensor) -> Tensor:
    return F.conv3d(u, conv.weight, conv.bias, padding=conv.weight.shape[-1] // 2)
