"""What the fakes share: settings, and all of the common face that is the same for each."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from os import PathLike, fspath
from typing import Any, ClassVar, Self

import torch
from torch import nn

from maquette.data.open import SourceConfig
from maquette.data.pictures_config import PicturesConfig
from maquette.data.views_config import ViewsConfig
from maquette.io.errors import BadInput
from maquette.io.typed import typed
from maquette.systems.about import About
from maquette.systems.info import Info, describe_network
from maquette.training.config import TrainConfig
from maquette.training.weights import fill, load_weights, save_weights

SIZE = 8
TRAINING = TrainConfig(
    steps=8, batch=4, views=(1, 1), optimiser="adamw", lr=0.02, schedule="constant", ema=0.5, val_every=4,
    val_samples=2, checkpoint_every=2, log_every=2,
)  # fmt: skip


@dataclass(frozen=True)
class NetworkConfig:
    """A network of any fake."""

    variant: str = "plain"
    width: int = 4


@dataclass(frozen=True)
class ShapesConfig:
    """Settings of fakes that see shapes."""

    network: NetworkConfig = NetworkConfig()
    views: ViewsConfig = field(
        default_factory=lambda: ViewsConfig(size=SIZE, render_size=SIZE, flip=0.5, flip_voxels=True)
    )
    training: TrainConfig = TRAINING


@dataclass(frozen=True)
class SinglesConfig:
    """Settings of fakes that see single pictures."""

    network: NetworkConfig = NetworkConfig()
    views: PicturesConfig = field(default_factory=lambda: PicturesConfig(size=SIZE))
    training: TrainConfig = TRAINING


class FakeSystem:
    """A system around a small network."""

    about: ClassVar[About]
    make: ClassVar[Callable[[NetworkConfig], nn.Module]]
    module: ClassVar[Callable[[Any], Any]]
    config: ClassVar[type]

    def __init__(
        self,
        network: nn.Module,
        network_config: NetworkConfig,
        views_config: SourceConfig,
        training: Mapping[str, Any] | None = None,
        weights: str = "untrained",
    ) -> None:
        self.network, self.network_config, self.views_config = network.eval(), network_config, views_config
        self.training, self.weights = dict(training or {}), weights

    @property
    def variant(self) -> str:
        return self.network_config.variant

    @classmethod
    def load(
        cls, weights: str | PathLike[str] | None = None, variant: str | None = None, device: Any = "cpu"
    ) -> Self:
        if weights is None:
            raise BadInput(cls.about.name, "no weights ship")
        found = load_weights(weights, cls.about.name)
        network_config = typed(NetworkConfig, found.config["network"])
        if variant not in (None, network_config.variant):
            raise BadInput(
                found.path, f"these are weights of variant {network_config.variant}, not of {variant}"
            )
        network = cls.make(network_config)
        fill(network, found)
        views = typed(type(cls.config().views), found.config["views"])
        return cls(network.to(device), network_config, views, found.config["training"], fspath(weights))

    def save(self, path: str | PathLike[str], precision: Any = "float16") -> None:
        config = {"network": asdict(self.network_config), "views": asdict(self.views_config)}
        config |= {"training": self.training}
        state = self.network.state_dict()
        save_weights(path, state, self.about.name, self.network_config.variant, config, precision)

    @classmethod
    def describe(cls, variant: str | None = None) -> Info:
        if variant not in (None, *cls.about.variants):
            raise ValueError(f"there is no variant {variant}")
        config = NetworkConfig(variant or cls.about.variants[0])
        return cls(cls.make(config), config, cls.config().views).info

    @property
    def info(self) -> Info:
        return describe_network(self.about.name, self.variant, self.network, **self.example())

    def example(self) -> dict[str, torch.Tensor]:
        """What the network is given."""
        return {"images": torch.zeros(1, 1, 3, SIZE, SIZE)}

    def facts(self) -> Mapping[str, Any]:
        return {}

    @classmethod
    def recipes(cls) -> Mapping[str, Callable[..., Any]]:
        return {"best": lambda variant="plain": cls.config(NetworkConfig(variant))}

    @classmethod
    def training_module(cls, config: Any) -> Any:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.training.seed)
            return cls.module(config)

    @classmethod
    def claims(cls, views: Any) -> bool:
        return False


def write_network(
    kind: type[FakeSystem],
    path: str | PathLike[str],
    network: nn.Module,
    config: Any,
    about: Mapping[str, Any],
) -> None:
    """The weights file of a run."""
    training = {**about, **asdict(config.training)}
    kind(network, config.network, config.views, training).save(path, "float32")
