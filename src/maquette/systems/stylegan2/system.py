"""`StyleGAN2System`: StyleGAN2-ADA, its weights and its training, behind the common face of the systems."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ...data.views_config import ViewsConfig, check_pictures
from ...io.errors import as_bad_input
from ...metrics.protocols.viewpoint import ViewpointTeller
from ...nn.macs import count_parameters, measure_cost, measure_products
from ...training.weights import save_weights
from ...training.weights_header import Precision
from ..about import About
from ..info import Info
from ..of_network import OfNetwork
from ..orbit import Orbit
from ..orbit_options import OrbitOptions
from ..project_options import ENCODER_STEPS, ProjectOptions
from ..projected import Projected
from ..sizes import check_size
from ..weights_file import filled, open_weights, read_network, source_of
from .about import ABOUT, StyleGAN2Options
from .config import NetworkConfig
from .encoder import save_encoder, train_encoder
from .mapping import mixed
from .network import Generator, StyleGAN2Network
from .projecting import picture_of_latents, projected, save_latents
from .projection import Draw
from .recipes import RECIPES, StyleGAN2Config, drawn
from .view_codes import load_view_codes, save_view_codes, seen_from
from .view_search import Search, find_view_codes, pictures_to_make

if TYPE_CHECKING:
    from ...training.module import TrainingModule
    from ..face import Mixes, Orbits, Projects

_AT_ONCE = 16
_MIXED = 7  # first layers whose styles are mixed


class StyleGAN2System(OfNetwork[StyleGAN2Network]):
    """StyleGAN2-ADA (Karras et al., NeurIPS 2020): pictures from seeds.

    Args:
        network: generator and discriminator; they are put into evaluation mode.
        views_config: how their training pictures were taken; as the recipes have it when not given.
        training: settings that they were trained with, as JSON can hold them.
        weights: where their weights came from.

    Raises:
        ValueError: networks for pictures of another size.
    """

    about: ClassVar[About] = ABOUT
    name, variants, protocols = ABOUT.name, ABOUT.variants, ABOUT.protocols

    def __init__(
        self,
        network: StyleGAN2Network,
        views_config: ViewsConfig | None = None,
        training: Mapping[str, Any] | None = None,
        weights: str = "untrained",
    ) -> None:
        size = network.config.size
        self.network, self.views_config = network.eval(), views_config or drawn(size)
        self.training, self.weights = dict(training or {}), weights
        check_size(size, self.views_config.size)
        check_pictures(self.views_config)

    @property
    def generator(self) -> Generator:
        """The network that makes pictures."""
        return self.network.generator

    @classmethod
    def load(
        cls,
        weights: str | PathLike[str] | None = None,
        variant: str | None = None,
        device: str | torch.device = "auto",
    ) -> Self:
        """A trained system (`System.load`).

        Raises:
            BadInput: weights that are missing, broken, or of another system or variant.
        """
        found = open_weights(cls.about.name, weights)
        with as_bad_input(found.path, ValueError, say="the settings in its header"):
            config, views, training = read_network(found, NetworkConfig, ViewsConfig)
            if "views" not in found.config:  # converted weights were not trained on shapes
                views = drawn(config.size)
        network = filled(StyleGAN2Network, config, found, variant, device)
        with as_bad_input(found.path, ValueError, say="the settings in its header"):
            return cls(network, views, training, source_of(weights))

    def save(self, path: str | PathLike[str], precision: Precision = "float16") -> None:
        """Write the weights file that `load` reads; raises BadInput where it cannot be written."""
        config = {
            "network": asdict(self.network.config),
            "views": asdict(replace(self.views_config, photos=None)),
        }
        config |= {"training": self.training}
        save_weights(path, self.network.state_dict(), self.about.name, self.variant, config, precision)

    @classmethod
    def describe(cls, variant: str | None = None) -> Info:
        """Parameters, multiply-accumulates and shapes of a variant as the recipe of its name has it.

        Raises:
            ValueError: an unknown variant.
        """
        variant = cls.variants[0] if variant is None else variant
        if variant not in cls.variants:
            raise ValueError(f"variant must be one of {', '.join(cls.variants)}; got {variant!r}")
        return cls(StyleGAN2Network(RECIPES[variant](variant).network)).info

    @property
    def info(self) -> Info:
        """The same of the system's own networks."""
        config = self.network.config
        inputs = {"z": torch.zeros(1, config.z_dim, device=self.device)}
        if config.labels:
            inputs["labels"] = torch.eye(1, config.labels, device=self.device)
        network, values = self.network, list(inputs.values())
        parameters = count_parameters(network)
        macs = measure_products(network, *values, parts=list(parameters))
        shapes = {name: tuple(value.shape) for name, value in inputs.items()}
        shapes |= measure_cost(network, *values).shapes
        return Info(self.about.name, self.variant, parameters, macs, shapes)

    def facts(self) -> Mapping[str, Any]:
        """Pixels a side, and style vectors of a picture."""
        config = self.network.config
        return {"size": config.size, "styles": config.styles}

    def generate(
        self, count: int, seed: int = 0, options: StyleGAN2Options | None = None
    ) -> Float[Tensor, "picture 3 size size"]:
        """Pictures of the seeds from `seed` on (`Generates.generate`); official weights give the official ones.

        Raises:
            ValueError: a label that is missing or none of the network's.
        """
        seeds = range(seed, seed + count)
        return self._in_parts(self.styles(seeds, options), seeds, options)

    def mix(
        self,
        rows: Sequence[int],
        columns: Sequence[int],
        layers: Sequence[int] | None = None,
        options: StyleGAN2Options | None = None,
    ) -> Float[Tensor, "row column 3 size size"]:
        """Every picture of `rows` with the styles of some layers from every one of `columns` (`Mixes.mix`).

        Raises:
            ValueError: a layer that is none, or a label that is missing or none of the network's.
        """
        count = self.network.config.styles
        chosen = [k for k in range(_MIXED) if k < count] if layers is None else list(layers)
        if any(not 0 <= layer < count for layer in chosen):
            raise ValueError(f"layers {min(chosen)} to {max(chosen)}: these weights have 0 to {count - 1}")
        of_rows, of_columns = self.styles(rows, options), self.styles(columns, options)
        pairs = mixed(of_rows.repeat_interleave(len(columns), 0), of_columns.repeat(len(rows), 1, 1), chosen)
        made = self._in_parts(pairs, [row for row in rows for _ in columns], options)
        return made.view(len(rows), len(columns), *made.shape[1:])

    @torch.inference_mode()
    def styles(
        self, seeds: Sequence[int], options: StyleGAN2Options | None = None
    ) -> Float[Tensor, "picture style w_dim"]:
        """Styles of seeds, truncated as the options say.

        Raises:
            ValueError: a label that is missing or none of the network's.
        """
        options = options or StyleGAN2Options()
        config = self.network.config
        numbers = [np.random.RandomState(seed).randn(config.z_dim) for seed in seeds]
        z = torch.from_numpy(np.array(numbers).reshape(-1, config.z_dim)).float().to(self.device)
        label = self._label(len(z), options)
        return self.generator.styles(z, label, options.truncation, options.cutoff)

    def project(
        self,
        picture: Float[Tensor, "3 height width"],
        how: ProjectOptions,
        options: StyleGAN2Options | None = None,
        watch: Callable[[int, str], None] | None = None,
    ) -> Projected:
        """The picture that is nearest to a given one (`Projects.project`).

        Raises:
            BadInput: an encoder of another generator, or weights of a backbone that cannot be had.
            ValueError: a label that is missing or none of the network's.
        """
        return projected(self.generator, self._drawing(options), picture, how, watch)

    def save_latents(self, path: str | PathLike[str], latents: Mapping[str, Tensor]) -> None:
        """Write w and noise (`Projects.save_latents`)."""
        save_latents(path, latents, self.generator)

    def picture_of(self, path: str | PathLike[str]) -> Float[Tensor, "3 size size"]:
        """The picture of w and noise in a file (`Projects.picture_of`)."""
        return picture_of_latents(path, self.generator)

    def train_encoder(
        self,
        path: str | PathLike[str],
        steps: int = ENCODER_STEPS,
        seed: int = 0,
        options: StyleGAN2Options | None = None,
        watch: Callable[[int, str], None] | None = None,
    ) -> None:
        """Train and write an encoder (`Projects.train_encoder`)."""
        draw = self._drawing(options)
        encoder = train_encoder(self.generator, draw, steps, seed=seed, watch=watch)
        save_encoder(path, encoder, self.variant)

    def find_views(
        self,
        path: str | PathLike[str],
        teller: ViewpointTeller,
        how: OrbitOptions,
        options: StyleGAN2Options | None = None,
        watch: Callable[[int, str], None] = lambda done, what: None,
    ) -> Mapping[str, Any]:
        """Find and write view codes (`Orbits.find_views`)."""

        def draw(styles: Tensor) -> Tensor:
            return self._in_parts(styles, range(len(styles)), options)

        found = find_view_codes(Search(lambda seeds: self.styles(seeds, options), draw, teller, how, watch))
        save_view_codes(path, found, self.generator)
        return found.measured

    def views_to_make(self, how: OrbitOptions) -> int:
        """How many pictures such a search makes (`Orbits.views_to_make`)."""
        return pictures_to_make(how, self.network.config.styles)

    def orbit(
        self,
        objects: Sequence[int] | Mapping[str, Tensor],
        count: int,
        codes: str | PathLike[str],
        options: StyleGAN2Options | None = None,
    ) -> Orbit:
        """Objects from several sides (`Orbits.orbit`); noise is not taken over from latents, it holds for one side.

        Raises:
            BadInput: view codes that cannot be read, or of other weights.
            ValueError: more views than codes, or a label that is missing or none of the network's.
        """
        views = load_view_codes(codes, self.generator).around(count)
        if isinstance(objects, Mapping):
            styles = objects["w"].to(self.device)[None].expand(-1, self.network.config.styles, -1)
            seeds: Sequence[int] = [0]
        else:
            styles, seeds = self.styles(objects, options), objects
        made = seen_from(styles, views.styles)
        each = [seed for seed in seeds for _ in range(count)]
        images = self._in_parts(made.flatten(0, 1), each, options)
        return Orbit(images.unflatten(0, (len(styles), count)), views.azimuth, views.elevation)

    def _drawing(self, options: StyleGAN2Options | None) -> Draw:
        """What gives w of random numbers, untruncated."""
        options = options or StyleGAN2Options()
        self._label(1, options)

        @torch.no_grad()
        def draw(count: int, numbers: torch.Generator) -> Tensor:
            z = torch.randn(count, self.network.config.z_dim, generator=numbers).to(self.device)
            w: Tensor = self.generator.mapping(z, self._label(count, options))
            return w

        return draw

    def _label(self, count: int, options: StyleGAN2Options) -> Tensor | None:
        classes, label = self.network.config.labels, options.label
        if not classes:
            if label is not None:
                raise ValueError(f"label {label}: these weights know no classes")
            return None
        if label is None or label >= classes:
            raise ValueError(f"label {label}: these weights need one from 0 to {classes - 1}")
        chosen = torch.zeros(count, classes, device=self.device)
        chosen[:, label] = 1
        return chosen

    @torch.inference_mode()
    def _in_parts(self, styles: Tensor, seeds: Sequence[int], options: StyleGAN2Options | None) -> Tensor:
        """Pictures in [0, 1]; random noise follows from each one's seed, wherever it stands."""
        kind = (options or StyleGAN2Options()).noise
        size = self.network.config.size
        made = [torch.zeros(0, 3, size, size)]
        for first in range(0, len(styles), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            noise = self._noise(seeds[part]) if kind == "random" else kind
            images = self.generator.synthesis(styles[part], noise)
            made.append(((images + 1) / 2).clamp(0, 1).expand(-1, 3, -1, -1).cpu())
        return torch.cat(made)

    def _noise(self, seeds: Sequence[int]) -> list[Tensor]:
        sizes = [size for size in self.network.config.resolutions for _ in range(1 if size == 4 else 2)]
        draws = [torch.Generator().manual_seed(seed) for seed in seeds]
        return [
            torch.stack([torch.randn(1, size, size, generator=draw) for draw in draws]).to(self.device)
            for size in sizes
        ]

    @staticmethod
    def recipes() -> Mapping[str, Callable[..., Any]]:
        """Functions that give complete settings for training, by name."""
        return RECIPES

    @staticmethod
    def training_module(config: StyleGAN2Config) -> "TrainingModule":
        """What is trained with a recipe's settings."""
        from .training import StyleGAN2Training  # with what only training needs

        return StyleGAN2Training(config)


if TYPE_CHECKING:
    _: type[Mixes] = StyleGAN2System
    ___: type[Orbits] = StyleGAN2System
    __: type[Projects] = StyleGAN2System
