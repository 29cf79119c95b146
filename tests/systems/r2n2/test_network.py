"""The eight networks: sizes, layers, what flows through them."""

import pytest
import torch

from maquette.systems.r2n2.config import VARIANTS, NetworkConfig, scaled
from maquette.systems.r2n2.encoder import pooled_side
from maquette.systems.r2n2.network import R2N2Network

PARAMETERS = {
    "simple-{}-3": 32_207_266,
    "simple-{}-1": 30_929_314,
    "residual-{}-3": 35_968_706,
    "residual-{}-1": 34_690_754,
}
SMALL = {"width": 0.0625, "size": 32}


def small(variant: str = "residual-gru-3", **options) -> R2N2Network:
    return R2N2Network(NetworkConfig(variant=variant, **{**SMALL, **options}))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_published_numbers_of_parameters(name: str, cell: str) -> None:
    network = R2N2Network(NetworkConfig(variant=name.format(cell)))
    assert sum(p.numel() for p in network.parameters()) == PARAMETERS[name]


def test_published_sides() -> None:
    assert pooled_side(127) == pooled_side(128) == 3
    assert pooled_side(64) == 2
    assert scaled(96, 1.0) == 96
    assert scaled(96, 0.25) == 24
    assert scaled(32, 0.01) == 8


def test_the_encoder_may_be_wider() -> None:
    slim, wide = small("simple-gru-3"), small("simple-gru-3", encoder_width=0.25)
    assert wide.encoder.blocks[1].conv.weight.shape == (32, 24, 3, 3)
    for part in ("recurrence", "decoder"):
        shapes = [[p.shape for p in getattr(network, part).parameters()] for network in (slim, wide)]
        assert shapes[0] == shapes[1]
    assert wide(torch.rand(1, 2, 3, 32, 32)).shape == (1, 2, 32, 32, 32)


def test_the_viewpoint_is_told_beside_the_voxels() -> None:
    network = small("simple-gru-3", view_bins=12)
    features = network.encode(torch.rand(2, 3, 3, 32, 32))
    assert network.viewpoint(features).shape == (2, 3, 12)
    plain = small("simple-gru-3")
    network.load_state_dict(plain.state_dict(), strict=False)
    images = torch.rand(1, 2, 3, 32, 32)
    torch.testing.assert_close(network(images), plain(images))
    names = {name for name, _ in network.named_parameters()} - {name for name, _ in plain.named_parameters()}
    assert names
    assert all(name.startswith("viewpoint.") for name in names)


@pytest.mark.parametrize("bad", [{"view_bins": 1}, {"view_bins": -3}, {"encoder_width": 0.0}])
def test_settings_that_make_no_network(bad: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        NetworkConfig(**bad)


@pytest.mark.parametrize("norm", ["none", "group"])
@pytest.mark.parametrize("views", [1, 2])
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_parameter_gets_a_gradient(variant: str, views: int, norm: str) -> None:
    network = small(variant, norm=norm)
    logits = network(torch.rand(2, views, 3, 32, 32))
    assert logits.shape == (2, 2, 32, 32, 32)
    logits.square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("norm", ["none", "group"])
@pytest.mark.parametrize("variant", ["simple-lstm-3", "residual-gru-1"])
def test_mixed_precision(variant: str, norm: str) -> None:
    network = small(variant, norm=norm)
    images = torch.rand(2, 3, 3, 32, 32)
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(images)
    exact = network(images).detach()
    assert float((logits.detach().float() - exact).norm()) < 0.05 * float(exact.norm())
    logits.float().square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("variant", ["simple-gru-3", "residual-lstm-1"])
def test_views_count_in_their_order(variant: str) -> None:
    network = small(variant).eval()
    views = torch.rand(1, 3, 3, 32, 32)
    with torch.no_grad():
        logits = [network(v) for v in (views, views.flip(1), views[:, :1], views[:, :2])]
    for i in range(1, 4):
        assert not torch.allclose(logits[0], logits[i], atol=1e-6)


def test_a_batch_is_its_objects() -> None:
    network = small().eval()
    images = torch.rand(3, 2, 3, 32, 32)
    with torch.no_grad():
        together = network(images)
        apart = torch.cat([network(one[None]) for one in images])
    torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-5)


def test_the_document_takes_the_last_skip_elsewhere() -> None:
    original, document = small(), small(tail="seed001")
    document.load_state_dict(original.state_dict())
    images = torch.rand(1, 1, 3, 32, 32)
    a = document.decoder.tail
    with torch.no_grad():
        x = torch.rand(1, a.conv1.in_channels, 4, 4, 4)
        first = torch.nn.functional.leaky_relu(a.conv1(x), 0.01)
        second = torch.nn.functional.leaky_relu(a.conv2(first), 0.01)
        torch.testing.assert_close(original.decoder.tail(x), second + a.skip(first))
        torch.testing.assert_close(document.decoder.tail(x), second + a.skip(second))
        assert not torch.equal(original(images), document(images))


def test_initial_values() -> None:
    network = R2N2Network(NetworkConfig(variant="residual-gru-3"))
    conv = network.decoder.blocks[2].conv1
    expected = (2 / (27 * (128 + 64) / 2)) ** 0.5
    assert float(conv.weight.detach().std()) == pytest.approx(expected, rel=0.02)
    assert (conv.bias == 0.1).all()
    gate = network.recurrence.update
    assert float(gate.input.weight.detach().std()) == pytest.approx(
        (2 / ((1024 + 8192) / 2)) ** 0.5, rel=0.02
    )
    assert (gate.state.bias == 0.1).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"variant": "gru"}, "variant must be one of"),
        ({"width": 0.0}, "width must be positive"),
        ({"size": 0}, "size must lie in"),
    ],
)
def test_settings_that_make_no_sense(options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        NetworkConfig(**options)


def test_pictures_of_another_size() -> None:
    with pytest.raises(ValueError, match="32 x 32"):
        small()(torch.rand(1, 1, 3, 32, 33))
    with pytest.raises(ValueError, match="one or more"):
        small()(torch.rand(1, 0, 3, 32, 32))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_each_number_of_views_is_what_these_views_alone_give(cell: str) -> None:
    network = R2N2Network(NetworkConfig(variant=f"simple-{cell}-3", width=0.0625, size=32)).eval()
    images = torch.rand(2, 3, 3, 32, 32)
    with torch.no_grad():
        found = network.after(images, (1, 3))
        for logits, count in zip(found, (1, 3), strict=True):
            torch.testing.assert_close(logits, network(images[:, :count]))


def test_counts_of_views_must_be_there() -> None:
    network = R2N2Network(NetworkConfig(variant="simple-gru-1", width=0.0625, size=32))
    with pytest.raises(ValueError, match="between 1 and 2"):
        network.after(torch.rand(1, 2, 3, 32, 32), (1, 3))
