"""Adam as 3D-R2N2 uses it, and AdamW."""

from torch import nn
from torch.optim import Adam, AdamW, Optimizer

from .config import TrainConfig


def make_optimiser(network: nn.Module, config: TrainConfig) -> Optimizer:
    """The optimiser of all trainable parameters of a network.

    "adam" adds `weight_decay` times the weight to its gradient (L2, as 3D-R2N2), "adamw" shrinks the weight apart
    from the gradient. Parameters of one axis (biases, normalisation) decay only with `decay_biases`.
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
    kind = Adam if config.optimiser == "adam" else AdamW
    fused = all(p.device.type == "cpu" for p in trained)
    return kind([group for group in groups if group["params"]], lr=config.lr, fused=fused)
