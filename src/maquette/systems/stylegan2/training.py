"""`StyleGAN2Training`: what StyleGAN2-ADA is trained by. It needs pictures alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from os import PathLike
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from ...data.batch import Batch
from ...metrics.measure import Measure
from ...training.module import TrainingModule, Update
from ...training.weights import save_weights
from .about import ABOUT
from .augment import adapted, augmented
from .judging import diversity, sliced_wasserstein
from .loss import (
    average_decay,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    hinge_discriminator_loss,
    hinge_generator_loss,
    mixed_styles,
    path_lengths,
    path_penalty,
)
from .network import StyleGAN2Network, fresh_network
from .recipes import StyleGAN2Config
from .sheet import tiled

DISTANCE = Measure("swd", "sliced Wasserstein distance", higher=False)
_BETAS, _EPS = (0.0, 0.99), 1e-8
_COLUMNS, _ROWS = 8, 4
_SHOWN_SEED = 11
_SAME = 0.15  # a smaller share of the real pictures' variety is called a collapse
_EARLY = 20_000  # pictures before which nothing is


def lazy_adam(parameters: Iterable[nn.Parameter], lr: float, every: int | None) -> Adam:
    """Adam for a loss whose penalty comes every few steps, in a step of its own (CVPR 2020, section 3.1).

    With c = every / (every + 1) the rate is c lr, and the decays are those of Adam (0, 0.99) to the power of c.

    Args:
        parameters: to be moved.
        lr: learning rate without such steps.
        every: steps between two penalties; None for no penalty, with which c is 1.
    """
    c = 1.0 if every is None else every / (every + 1)
    own = list(parameters)
    fused = all(parameter.device.type == "cpu" for parameter in own)
    return Adam(own, lr=lr * c, betas=(_BETAS[0] ** c, _BETAS[1] ** c), eps=_EPS, fused=fused)


class StyleGAN2Training(TrainingModule):
    """Generator and discriminator in turns, each with its penalty every few steps, which is a step of its own.

    Args:
        config: a recipe's. The first weights follow from its seed.

    Attributes:
        strength: probability of each augmentation.
        signs: sum and number of the signs of what was said of real pictures since the strength was last changed.
        path_mean: running mean of path lengths.
    """

    goal = DISTANCE
    strength: Tensor
    signs: Tensor
    path_mean: Tensor

    def __init__(self, config: StyleGAN2Config) -> None:
        super().__init__(fresh_network(config.network, config.training.seed), config.training)
        self.config = config
        self.register_buffer("strength", torch.tensor(config.augment.start))
        self.register_buffer("signs", torch.zeros(2))
        self.register_buffer("path_mean", torch.zeros(()))
        self._styles: list[list[Tensor]] = [[], [], []]  # of each phase, for the mean of w
        self._signs: list[Tensor] = []
        self._path_means: list[Tensor] = []

    @property
    def both(self) -> StyleGAN2Network:
        """The networks that are trained."""
        network = self.network
        assert isinstance(network, StyleGAN2Network)
        return network

    def optimisers(self) -> dict[str, Optimizer]:
        """Adam for each of the two networks."""
        loss, lr = self.config.loss, self.training_config.lr
        generator, discriminator = self.both.generator, self.both.discriminator
        assert discriminator is not None
        return {
            "generator": lazy_adam(generator.parameters(), lr, self._lazy(loss.path, loss.path_every)),
            "discriminator": lazy_adam(
                discriminator.parameters(),
                lr * loss.discriminator_rate,
                self._lazy(self._gamma(), loss.r1_every),
            ),
        }

    def step(self, batch: Batch, update: Update) -> Mapping[str, Float[Tensor, ""]]:
        """Losses of both networks, penalties where they are due, and how sure the discriminator is."""
        real = 2 * batch.images.flatten(0, 1) - 1
        loss = self.config.loss
        told = self._generator_step(len(real), real.device, update)
        if loss.path and self._due(loss.path_every):
            told |= self._path_step(max(1, len(real) // loss.path_shrink), real.device, update)
        told |= self._discriminator_step(real, update)
        if self._gamma() and self._due(loss.r1_every):
            told |= self._gradient_step(real, update)
        numbers = {name: number.detach() for name, number in told.items()}
        return {"loss": numbers["g"] + numbers["d"], **numbers, "augment": self.strength.float()}

    @torch.no_grad()
    def after_step(self, gather: Callable[[Tensor], Tensor]) -> None:
        """Move the mean of styles, the mean of path lengths, and the strength of augmentation."""
        for styles in self._styles:
            if styles:
                self.both.generator.mapping.follow(gather(torch.cat(styles)))
        if self._path_means:
            self.path_mean.copy_(gather(torch.stack(self._path_means)).mean())
        signs = gather(torch.cat(self._signs))
        self.signs += torch.stack([signs.sum(), signs.new_tensor(float(len(signs)))])
        config, batch = self.config.augment, self.training_config.batch
        if config.pipe != "none" and (self.step_count + 1) % config.every == 0:
            sign = float(self.signs[0] / self.signs[1])
            pictures = batch * config.every
            self.strength.fill_(adapted(float(self.strength), sign, config.target, pictures, config.kimg))
            self.signs.zero_()
        self._forget()

    @torch.no_grad()
    def follow(self) -> None:
        """Behind a step: average the generator's parameters, copy all other state, and count the step."""
        averaged = self.averaged
        assert isinstance(averaged, StyleGAN2Network)
        batch, config = self.training_config.batch, self.config
        decay = average_decay(self.step_count * batch, batch, self.training_config.ema, config.loss.ramp)
        moved, kept = (
            [parameter.detach() for parameter in network.generator.parameters()]
            for network in (averaged, self.both)
        )
        torch._foreach_lerp_(moved, kept, 1 - decay)
        averaged_ones = {id(parameter) for parameter in averaged.generator.parameters()}
        for to, by in zip(_state(averaged), _state(self.both), strict=True):
            if id(to) not in averaged_ones:
                to.copy_(by)
        self.step_count += 1

    def judge(self, network: nn.Module, batch: Batch) -> Mapping[str, Float[Tensor, " sample"]]:
        """The batch's distance from as many generated pictures, and how varied these are, for each of its objects.

        Also the signs of what the discriminator says of real and of generated pictures.
        """
        assert isinstance(network, StyleGAN2Network)
        assert network.discriminator is not None
        real = 2 * batch.images[:, 0] - 1
        made = network.generator(self._latents(len(real), real.device), noise="const")
        numbers = {"swd": sliced_wasserstein(made, real), "diversity": diversity(made, real)}
        group = min(network.config.compared or len(real), len(real))
        whole = len(real) - len(real) % group  # the discriminator compares pictures in groups of one size
        signs = {
            name: network.discriminator(images[:whole]).sign().mean()
            for name, images in (("sign_real", real), ("sign_made", made))
        }
        return {name: number.expand(len(real)) for name, number in (numbers | signs).items()}

    def remarks(self, means: Mapping[str, float]) -> Sequence[str]:
        """Says when generated pictures hardly differ from one another."""
        pictures = self.step_count * self.training_config.batch
        if pictures < _EARLY or means["diversity"] >= _SAME:
            return ()
        share = f"{100 * means['diversity']:.0f} % as varied as real ones"
        is_projected = self.config.network.discriminator == "projected"
        helps = "another --loss.discriminator-rate" if is_projected else "a larger --loss.r1"
        return (f"generated pictures are {share}: the generator may have collapsed; {helps} helps",)

    def show(self, network: nn.Module, batch: Batch) -> Float[Tensor, "3 height width"]:
        """Pictures of always the same random numbers."""
        assert isinstance(network, StyleGAN2Network)
        z = self._latents(_COLUMNS * _ROWS, batch.images.device)
        return tiled((network.generator(z, noise="const") + 1) / 2, _COLUMNS)

    def save_weights(self, path: str | PathLike[str], network: nn.Module, about: Mapping[str, Any]) -> None:
        """Write both networks, and what they were trained with (`TrainingModule.save_weights`)."""
        config = self.config
        training = {**about, **asdict(config.training), "loss": asdict(config.loss)}
        training |= {"augment": asdict(config.augment)}
        settings = {"network": asdict(config.network), "views": asdict(config.views), "training": training}
        save_weights(path, network.state_dict(), ABOUT.name, config.network.variant, settings, "float32")

    def _due(self, every: int) -> bool:
        return self.step_count % every == 0

    def _lazy(self, weight: float, every: int) -> int | None:
        """As published a penalty of no weight counts for Adam, too; a projected discriminator knows none."""
        is_projected = self.config.network.discriminator == "projected"
        return None if is_projected and not weight else every

    def _gamma(self) -> float:
        return self.config.loss.gamma(self.config.network.size, self.training_config.batch)

    def _forget(self) -> None:
        self._styles, self._signs, self._path_means = [[], [], []], [], []

    def _draw(self, phase: int, count: int, device: torch.device) -> Tensor:
        """Styles of new pictures; w of the first random numbers counts for the mean."""
        generator = self.both.generator
        z = torch.randn(count, generator.config.z_dim, device=device)
        styles, w = mixed_styles(generator.mapping, z, generator.config.styles, self.config.loss.mixing)
        self._styles[phase].append(w)
        return styles

    def _judged(self, images: Tensor) -> Tensor:
        """What the discriminator says of changed pictures."""
        discriminator = self.both.discriminator
        assert discriminator is not None
        logits: Tensor = discriminator(augmented(images, self.config.augment.pipe, float(self.strength)))
        return logits

    def _generator_step(self, count: int, device: torch.device, update: Update) -> dict[str, Tensor]:
        logits = self._judged(self.both.generator.synthesis(self._draw(0, count, device)))
        loss_of = hinge_generator_loss if self.config.loss.hinge else generator_loss
        loss = loss_of(logits).mean()
        update("generator", loss)
        return {"g": loss, "sign_fake": logits.sign().mean()}

    def _path_step(self, count: int, device: torch.device, update: Update) -> dict[str, Tensor]:
        config = self.config.loss
        styles = self._draw(1, count, device)
        images = self.both.generator.synthesis(styles)
        noise = torch.randn_like(images) / images[0, 0].numel() ** 0.5
        penalty, mean = path_penalty(path_lengths(images, styles, noise), self.path_mean)
        self._path_means.append(mean)
        update("generator", penalty.mean() * config.path * config.path_every)
        return {"path": penalty.mean(), "path_length": mean}

    def _discriminator_step(self, real: Tensor, update: Update) -> dict[str, Tensor]:
        with torch.no_grad():
            made = self.both.generator.synthesis(self._draw(2, len(real), real.device))
        of_real = self._judged(real)
        self._signs.append(of_real.detach().sign().flatten())
        loss_of = hinge_discriminator_loss if self.config.loss.hinge else discriminator_loss
        loss = loss_of(self._judged(made), of_real).mean()
        update("discriminator", loss)
        return {"d": loss, "sign_real": of_real.sign().mean()}

    def _gradient_step(self, real: Tensor, update: Update) -> dict[str, Tensor]:
        config = self.config.loss
        leaf = real.detach().requires_grad_()
        logits = self._judged(leaf)
        self._signs.append(logits.detach().sign().flatten())
        penalty = gradient_penalty(leaf, logits).mean()
        update("discriminator", penalty * (self._gamma() / 2) * config.r1_every)
        return {"r1": penalty}

    def _latents(self, count: int, device: torch.device) -> Tensor:
        draw = torch.Generator().manual_seed(_SHOWN_SEED)
        return torch.randn(count, self.config.network.z_dim, generator=draw).to(device)


def _state(network: nn.Module) -> list[Tensor]:
    return [*network.parameters(), *network.buffers()]
