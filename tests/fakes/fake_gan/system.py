"""A generator of colours and who tells them from real ones."""

import torch
from torch import nn
from torch.nn.functional import softplus

from maquette.metrics.measure import Measure
from maquette.training.module import TrainingModule

from ..base import SIZE, FakeSystem, NetworkConfig, SinglesConfig, write_network
from .about import ABOUT

LATENTS = 2


class Generator(nn.Module):
    """Latents to pictures of one colour; remembers the mean of its latents."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.colour = nn.Linear(LATENTS, 3)
        self.register_buffer("mean_latent", torch.zeros(LATENTS))

    def forward(self, latents):
        return self.colour(latents).sigmoid()[:, None, :, None, None].expand(-1, 1, -1, SIZE, SIZE)


class Training(TrainingModule):
    goal = Measure("distance", "distance", higher=False)

    def __init__(self, config: SinglesConfig) -> None:
        generator = Generator(config.network)
        networks = nn.ModuleDict({"generator": generator, "critic": nn.Linear(3, 1)})
        super().__init__(networks, config.training, kept=generator)
        self.config, self._seen = config, []

    def optimisers(self):
        networks, lr = self.network, self.training_config.lr
        return {
            "critic": torch.optim.Adam(networks["critic"].parameters(), lr=2 * lr),
            "generator": torch.optim.Adam(networks["generator"].parameters(), lr=lr),
        }

    def step(self, batch, update):
        generator, critic = self.network["generator"], self.network["critic"]
        real = batch.images.mean((1, 3, 4))
        latents = torch.randn(len(real), LATENTS)
        fake = generator(latents).mean((1, 3, 4))
        told = softplus(critic(fake.detach())).mean() + softplus(-critic(real)).mean()
        update("critic", told)
        fooled = softplus(-critic(fake)).mean()
        update("generator", fooled)
        self._seen.append(latents)
        return {"loss": told.detach(), "fooled": fooled.detach()}

    def after_step(self, gather):
        mean = gather(torch.cat(self._seen)).mean(0)
        self.kept.mean_latent.lerp_(mean, 0.1)
        self._seen = []

    def judge(self, network, batch):
        made = network(torch.zeros(len(batch), LATENTS)).mean((1, 3, 4))
        return {"distance": (made - batch.images.mean((1, 3, 4))).norm(dim=1)}

    def save_weights(self, path, network, about):
        write_network(Fake, path, network, self.config, about)


class Fake(FakeSystem):
    about, make, module, config = ABOUT, Generator, Training, SinglesConfig

    def generate(self, count, seed=0, options=None):
        draw = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            return self.network(torch.randn(count, LATENTS, generator=draw))[:, 0]

    def example(self):
        return {"latents": torch.zeros(1, LATENTS)}
