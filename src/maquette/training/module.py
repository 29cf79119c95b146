"""`TrainingModule`: what every system that is trained shares with Lightning."""

import base64
import copy
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

import torch
from jaxtyping import Float
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from ..data.batch import Batch
from .config import TrainConfig
from .optimiser import make_optimiser
from .schedule import learning_rate
from .stream import Sample


@dataclass(frozen=True)
class Taken:
    """What of other weights a network has taken over.

    Attributes:
        taken: names of tensors that are those now.
        fresh: names of tensors that keep their first values: there are none like them, or of another shape.
        unused: names among the other weights that the network does not have.
    """

    taken: tuple[str, ...]
    fresh: tuple[str, ...]
    unused: tuple[str, ...]


class TrainingModule(LightningModule):
    """A network, the moving average of its weights, and its optimiser.

    A system says what its loss is (`score`), and how its weights are kept (`save_weights`).

    Args:
        network: what is trained.
        training: settings.

    Attributes:
        step_count: steps of the optimiser that are done.
        loss: of the last sample.
        iou: of the last sample; not differentiable.
        threshold: least probability of a solid cell, for pictures in the log.
    """

    threshold: float

    def __init__(self, network: nn.Module, training: TrainConfig) -> None:
        super().__init__()
        self.network, self.training_config = network, training
        self.averaged = copy.deepcopy(network).requires_grad_(False) if training.ema else None
        self.step_count = 0
        self.loss = self.iou = torch.zeros(())

    @abstractmethod
    def score(
        self, network: nn.Module, batch: Batch
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""], Float[Tensor, "batch x y z"]]:
        """Mean loss, mean IoU, and the probability of each cell, of a network on a batch."""

    @abstractmethod
    def save_weights(self, path: str | PathLike, network: nn.Module, about: Mapping[str, Any]) -> None:
        """Write a network's weights as the system's weights file.

        Args:
            path: the file to write or replace.
            network: `best_network`.
            about: the run, as JSON can hold it; kept in the file.

        Raises:
            BadInput: it cannot be written.
        """

    def start_from(self, tensors: Mapping[str, Tensor]) -> Taken:
        """Take over first weights, for the network and for the moving average; by name, where shapes agree.

        Args:
            tensors: by their names in the network's state; others, and those of another shape, are left.

        Returns:
            names that were taken, that keep their values, and that the network does not have.
        """
        own = self.network.state_dict()
        taken = {
            name: tensors[name] for name in own if name in tensors and tensors[name].shape == own[name].shape
        }
        for network in (self.network, self.averaged):
            if network is not None:
                network.load_state_dict(taken, strict=False)
        fresh = tuple(name for name in own if name not in taken)
        return Taken(tuple(taken), fresh, tuple(name for name in tensors if name not in own))

    @property
    def best_network(self) -> nn.Module:
        """The network to evaluate and keep: with averaged weights where they are averaged."""
        return self.network if self.averaged is None else self.averaged

    def training_step(self, sample: Sample, index: int) -> Tensor:
        """Loss of a sample."""
        assert sample.batch is not None
        loss, iou, _ = self.score(self.network, sample.batch)
        self.loss, self.iou = loss.detach(), iou.detach()
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Lightning's hook: the optimiser."""
        return make_optimiser(self.network, self.training_config)

    def transfer_batch_to_device(self, sample: Sample, device: torch.device, index: int) -> Sample:
        """Lightning's hook: bring a sample to the device; raises BadInput where it could not be read."""
        return sample.ready(device)

    def on_train_batch_start(self, sample: Sample, index: int) -> None:
        """Lightning's hook: the step's learning rate."""
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = learning_rate(self.training_config, sample.step)

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """Lightning's hook: one step of the optimiser, then of the moving average."""
        super().optimizer_step(*args, **kwargs)
        if self.averaged is not None:
            decay = min(self.training_config.ema, (1 + self.step_count) / (10 + self.step_count))
            torch._foreach_lerp_(
                list(self.averaged.parameters()), [p.detach() for p in self.network.parameters()], 1 - decay
            )
        self.step_count += 1

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Lightning's hook: what belongs to the run beyond the tensors."""
        checkpoint["step"] = self.step_count
        checkpoint["random"] = [_as_text(state) for state in (torch.get_rng_state(), *_cuda_states())]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Lightning's hook: the same back."""
        self.step_count = checkpoint["step"]
        cpu, *cuda = [_as_state(text) for text in checkpoint["random"]]
        torch.set_rng_state(cpu)
        if len(cuda) == len(_cuda_states()):
            torch.cuda.set_rng_state_all(cuda)


def _cuda_states() -> list[Tensor]:
    return torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []


def _as_text(state: Tensor) -> str:
    return base64.b64encode(state.numpy().tobytes()).decode()


def _as_state(text: str) -> Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.uint8)
