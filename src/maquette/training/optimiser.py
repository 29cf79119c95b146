"""Adam as 3D-R2N2 uses it, AdamW, and SGD with momentum."""

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from .config import TrainConfig

_MOMENTUM = 0.9


def make_optimiser(network: nn.Module, config: TrainConfig) -> Optimizer:
    """The optimiser of all trainable parameters of a network.

    "adam" and "sgd" add `weight_decay` times the weight to its gradient (L2, as 3D-R2N2), "adamw" shrinks the weight
    apart from the gradient. Parameters of one axis (biases, normalisation) decay only with `decay_biases`.
    On a CPU one kernel moves all of a parameter.
    """
    trained = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": config.weight_decay},
        {
            "params": [p for p in trained if p.ndim < 2],
            "weight_decay": config.weight_decay if config.decay_biases else 0.0,
        },
    ]
    filled = [group for group in groups if group["params"]]
    fused = all(p.device.type == "cpu" for p in trained)
    if config.optimiser == "sgd":
        return SGD(filled, lr=config.lr, momentum=_MOMENTUM, fused=fused)
    return (Adam if config.optimiser == "adam" else AdamW)(filled, lr=config.lr, fused=fused)
