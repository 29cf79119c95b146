"""Generator and discriminator of StyleGAN2, one beside the other."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .config import NetworkConfig
from .discriminator import Discriminator
from .mapping import Mapping, truncated
from .projected_discriminator import ProjectedDiscriminator
from .synthesis import Noise, Synthesis


class Generator(nn.Module):
    """Random numbers to pictures (Karras et al., CVPR 2020). At 64 pixels 22,243,608 parameters.

    Args:
        config: sizes.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.synthesis = Synthesis(config)
        self.mapping = Mapping(config.z_dim, config.labels, config.w_dim, config.mapping)

    def forward(
        self,
        z: Float[Tensor, "batch z_dim"],
        labels: Float[Tensor, "batch label"] | None = None,
        psi: float = 1.0,
        cutoff: int | None = None,
        noise: Noise = "random",
    ) -> Float[Tensor, "batch channels size size"]:
        """Pictures, mostly within [-1, 1].

        Args:
            z: from a normal distribution.
            labels: 1 for the class, else 0.
            psi: of the truncation (`mapping.truncated`).
            cutoff: of the truncation.
            noise: as `Synthesis` has it.
        """
        images: Tensor = self.synthesis(self.styles(z, labels, psi, cutoff), noise)
        return images

    def styles(
        self,
        z: Float[Tensor, "batch z_dim"],
        labels: Float[Tensor, "batch label"] | None = None,
        psi: float = 1.0,
        cutoff: int | None = None,
    ) -> Float[Tensor, "batch style w_dim"]:
        """The same style vector for each layer, nearer to the mean where psi is not 1; arguments as above."""
        w = self.mapping(z, labels)[:, None].expand(-1, self.config.styles, -1)
        return truncated(w, self.mapping.w_avg, psi, cutoff)


class StyleGAN2Network(nn.Module):
    """Generator and discriminator; without the latter where the settings say "none".

    Names of parameters are the official ones behind `generator.` and `discriminator.`; filters are no state.

    Args:
        config: sizes.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.generator = Generator(config)
        self.discriminator = _discriminator(config)

    def forward(
        self, z: Float[Tensor, "batch z_dim"], labels: Float[Tensor, "batch label"] | None = None
    ) -> tuple[Float[Tensor, "batch channels size size"], Float[Tensor, "batch place"]] | Tensor:
        """Pictures, and what the discriminator says of them where there is one.

        Args:
            z: from a normal distribution.
            labels: 1 for the class, else 0.
        """
        images = self.generator(z, labels)
        return images if self.discriminator is None else (images, self.discriminator(images, labels))


def _discriminator(config: NetworkConfig) -> Discriminator | ProjectedDiscriminator | None:
    match config.discriminator:
        case "none":
            return None
        case "projected":
            return ProjectedDiscriminator(config)
        case _:
            return Discriminator(config)


def fresh_network(config: NetworkConfig, seed: int) -> StyleGAN2Network:
    """A network with its first weights, which follow from a seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return StyleGAN2Network(config)
