"""What all systems' classes have in common."""

import pytest
from torch import nn

from maquette.systems.of_network import OfNetwork
from maquette.systems.sizes import check_size
from maquette.systems.viewpoint.config import NetworkConfig
from maquette.systems.viewpoint.network import ViewpointNetwork


class _Some(OfNetwork[nn.Module]):
    def __init__(self, network: nn.Module) -> None:
        self.network, self.weights = network, "untrained"


def test_a_system_says_what_it_is() -> None:
    network = ViewpointNetwork(NetworkConfig())
    system = _Some(network)
    assert system.variant == network.config.variant
    assert repr(system) == f"_Some({system.variant}, weights untrained, on cpu)"


def test_pictures_of_another_size_are_refused() -> None:
    check_size(64, 64)
    with pytest.raises(ValueError, match="got 64 and 32"):
        check_size(64, 32)
