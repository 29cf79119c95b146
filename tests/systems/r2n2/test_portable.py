"""The network by itself says what the system does."""

import pytest
import torch

from maquette.data.views_config import ViewsConfig
from maquette.systems.r2n2.config import NetworkConfig
from maquette.systems.r2n2.network import R2N2Network
from maquette.systems.r2n2.system import R2N2


@pytest.mark.parametrize(("bins", "outputs"), [(0, ("solid",)), (12, ("solid", "azimuths"))])
def test_it_says_what_the_system_does(bins: int, outputs: tuple[str, ...]) -> None:
    config = NetworkConfig(variant="residual-lstm-1", width=0.0625, size=32, view_bins=bins)
    system = R2N2(R2N2Network(config))
    told = system.portable()
    images = torch.rand(2, 3, 3, 32, 32)
    with torch.no_grad():
        found = told.module(images)
    assert (told.inputs, told.outputs) == ({"images": ("batch", "view", 3, 32, 32)}, outputs)
    wanted = [system.occupancy(images), system.azimuths(images)]
    for ours, theirs in zip(found, wanted[: len(outputs)], strict=True):
        assert torch.equal(ours, theirs)


def test_how_pictures_are_framed_is_said() -> None:
    network = R2N2Network(NetworkConfig(variant="simple-gru-1", width=0.0625, size=32))
    cut = R2N2(network, ViewsConfig(size=32, render_size=40)).portable().settings
    assert cut == {"framing": "camera", "size": 32, "background": 240 / 255, "render_size": 40}
    around = R2N2(network, ViewsConfig(size=32, framing="object", margin=(0.1, 0.3))).portable().settings
    assert around == {"framing": "object", "size": 32, "background": 240 / 255, "margin": 0.2}
