"""Initial values of the weights of 3D-R2N2."""

import math

from torch import nn

BIAS = 0.1


def init_averaged_fans(module: nn.Module) -> None:
    """Draw every convolution's and linear layer's weights from N(0, sqrt(2 / n)); biases become 0.1.

    n is the mean of the values that come into and that leave a unit, kernel size included: He's rule with
    Glorot's mean, as in the released code of 3D-R2N2.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.Conv3d):
            taps = layer.weight[0, 0].numel()
            fan = taps * (layer.weight.shape[0] + layer.weight.shape[1]) / 2
            nn.init.normal_(layer.weight, std=math.sqrt(2 / fan))
            if layer.bias is not None:
                nn.init.constant_(layer.bias, BIAS)
