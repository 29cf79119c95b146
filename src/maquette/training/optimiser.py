"""Adam as 3D-R2N2 uses it, AdamW, and SGD with momentum."""

from collections.abc import Iterable

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from .config import TrainConfig

_MOMENTUM = 0.9


def make_optimiser(
    network: nn.Module, config: TrainConfig, slow: Iterable[nn.Parameter] = (), rate: float = 1.0
) -> Optimizer:
    """The optimiser of all trainable parameters of a network.

    "adam" and "sgd" add `weight_decay` times the weight to its gradient (L2, as 3D-R2N2), "adamw" shrinks the weight
    apart from the gradient. Parameters of one axis (biases, normalisation) decay only with `decay_biases`.
    On a CPU one kernel moves all of a parameter.

    Args:
        network: whose parameters.
        config: optimiser, rates, decay.
        slow: those of them, such as a backbone's, whose learning rate is another.
        rate: factor on theirs.
    """
    trained = [p for p in network.parameters() if p.requires_grad]
    slower = {id(p) for p in slow}
    groups = [
        {
            "params": [p for p in trained if (p.ndim >= 2) is wide and (id(p) in slower) is held],
            "weight_decay": config.weight_decay if wide or config.decay_biases else 0.0,
            "lr": config.lr * (rate if held else 1),
        }
        for held in (False, True)
        for wide in (True, False)
    ]
    filled = [group for group in groups if group["params"]]
    fused = all(p.device.type == "cpu" for p in trained)
    if config.optimiser == "sgd":
        return SGD(filled, lr=config.lr, momentum=_MOMENTUM, fused=fused)
    return (Adam if config.optimiser == "adam" else AdamW)(filled, lr=config.lr, fused=fused)
