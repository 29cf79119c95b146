"""The plain twin computes what ours computes; the numbers are complete."""

import copy
import json

import pytest
import torch
from torch.nn import functional as F

from maquette.bench import r2n2
from maquette.bench.r2n2_twin import plain_logits
from maquette.systems.r2n2.config import VARIANTS, NetworkConfig
from maquette.systems.r2n2.network import R2N2Network


@pytest.mark.parametrize("views", [1, 3])
@pytest.mark.parametrize("variant", VARIANTS)
def test_values_and_gradients_are_those_of_the_plain_network(variant: str, views: int) -> None:
    config = NetworkConfig(variant=variant, width=0.0625, size=24)
    network = R2N2Network(config)
    twin = copy.deepcopy(network)
    images = torch.rand(2, views, 3, 24, 24)
    solid = (torch.rand(2, 32, 32, 32) < 0.1).long()
    ours, plain = network(images), plain_logits(twin, images)
    torch.testing.assert_close(ours, plain, rtol=1e-5, atol=1e-5)
    F.cross_entropy(ours, solid).backward()
    F.cross_entropy(plain, solid).backward()
    for (name, mine), theirs in zip(network.named_parameters(), twin.parameters(), strict=True):
        wanted = torch.zeros_like(theirs) if theirs.grad is None else theirs.grad
        assert float((mine.grad - wanted).norm()) <= 2e-3 * float(wanted.norm()), name


def test_the_document_tail() -> None:
    network = R2N2Network(NetworkConfig(width=0.0625, size=24, tail="seed001"))
    images = torch.rand(1, 2, 3, 24, 24)
    with torch.no_grad():
        torch.testing.assert_close(network(images), plain_logits(network, images), rtol=1e-4, atol=1e-5)


def test_the_twin_has_no_normalisation() -> None:
    with pytest.raises(ValueError, match="no normalisation"):
        plain_logits(R2N2Network(NetworkConfig(width=0.0625, norm="group")), torch.rand(1, 1, 3, 127, 127))


def test_numbers_and_table() -> None:
    threads = torch.get_num_threads()
    result = r2n2.run("cpu", 1, 2, ("simple-lstm-1",), width=0.0625, size=24, batch=2, views=(1, 2))
    assert torch.get_num_threads() == threads
    assert json.loads(json.dumps(result)) == result
    (row,) = result["rows"]
    assert row["difference"] < 1e-5
    assert row["reference_seconds"] is None
    assert row["reconstruction"]["1"]["macs"] < row["reconstruction"]["2"]["macs"]
    text = r2n2.table(result)
    assert "reconstruction, 2 views" in text
    assert len(text.splitlines()) == 5
