"""View codes: chosen evenly, found with a generator whose first layers are its viewpoint, and kept in a file."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from maquette.io.errors import BadInput
from maquette.metrics.protocols.viewpoint import Viewpoints, angle_between
from maquette.systems.orbit_options import OrbitOptions, view_codes_beside
from maquette.systems.stylegan2.config import NetworkConfig
from maquette.systems.stylegan2.network import fresh_network
from maquette.systems.stylegan2.system import StyleGAN2System
from maquette.systems.stylegan2.view_codes import (
    ViewCodes,
    evenly,
    load_view_codes,
    save_view_codes,
    seen_from,
)
from maquette.systems.stylegan2.view_search import (
    Search,
    circular_mean,
    find_view_codes,
    identity,
    largest_gap,
    layers_of,
    pictures_to_make,
)

TINY = NetworkConfig(size=16, width=0.005, channel_max=8, z_dim=6, w_dim=5)
VIEW_LAYERS, STYLES, SIZE = 2, 6, 8


def styles_of(seeds) -> Tensor:
    draw = [torch.Generator().manual_seed(seed) for seed in seeds]
    return torch.stack([torch.rand(1, 5, generator=one) for one in draw]).expand(-1, STYLES, -1)


def draw(styles: Tensor) -> Tensor:
    """Pictures whose brightness above is the azimuth of the first two layers, and whose colour that of the others.

    Every fifth picture or so, by its object, is taken for its back.
    """
    turn = styles[:, :VIEW_LAYERS, 0].mean(1)
    images = torch.zeros(len(styles), 3, SIZE, SIZE)
    images[:, :, :2] = turn[:, None, None, None]
    images[:, :, 2:] = styles[:, VIEW_LAYERS:, 2:5].mean(1)[..., None, None]
    return images


class Teller:
    """Reads what `draw` drew."""

    def viewpoints(self, images: Tensor) -> Viewpoints:
        azimuth = 360 * images[:, 0, 0, 0]
        back = images[:, 0, 4, 4] > 0.8
        azimuth = torch.where(back, azimuth + 180, azimuth) % 360
        return Viewpoints(azimuth, torch.full_like(azimuth, 27.0), torch.where(back, 0.3, 0.9))


def search(**how) -> Search:
    options = OrbitOptions(**{"count": 8, "candidates": 48, "objects": 6, "backbone": "none", **how})
    return Search(styles_of, draw, Teller(), options, lambda done, what: None)


def test_layers_and_even_codes_are_found():
    made = []
    wanted = replace(search(), watch=lambda done, what: made.append(done))
    codes = find_view_codes(wanted)
    assert codes.layers == VIEW_LAYERS
    assert made[-1] == pictures_to_make(wanted.how, STYLES) - (8 - len(codes)) * 6
    scores = {score["layers"]: score for score in codes.measured["layer_scores"]}
    assert scores[1]["follows"] < 0.6 < scores[2]["follows"]
    assert scores[2]["stays"] > scores[5]["stays"]
    assert len(codes) == 8
    assert (codes.azimuth.diff() > 0).all()
    assert largest_gap(codes.azimuth) < 90
    true = 360 * codes.styles[:, :, 0].mean(1)
    assert angle_between(codes.azimuth, true).max() < 0.1
    assert codes.elevation == pytest.approx(torch.full((8,), 27.0))
    assert codes.measured["usable"] == pytest.approx(float(codes.agreement.mean()))
    assert 0.4 < codes.measured["usable"] < 1
    assert codes.measured["median_error"] < 0.1


def test_the_fewest_layers_that_viewpoints_follow():
    def scores(*pairs):
        return [{"layers": i + 1, "follows": f, "stays": s} for i, (f, s) in enumerate(pairs)]

    assert layers_of(scores((0.3, 0.9), (0.8, 0.5), (0.99, 0.6))) == 2
    assert layers_of(scores((0.3, 0.9), (0.7, 0.5), (0.6, 0.5))) == 2  # .35 is the largest product
    assert layers_of(scores((0.5, 0.9), (0.7, 0.5), (0.6, 0.5))) == 1


def test_a_number_of_layers_may_be_told():
    assert find_view_codes(search(layers=3)).layers == 3
    with pytest.raises(ValueError, match="layers 6: these weights have 1 to 5"):
        find_view_codes(search(layers=6))


def test_a_generator_without_sides_is_refused():
    class Blind:
        """Sees every object from another side, whatever the code."""

        asked = 0

        def viewpoints(self, images: Tensor) -> Viewpoints:
            azimuth = torch.full((len(images),), 90.0 * self.asked)
            self.asked += 1
            return Viewpoints(azimuth % 360, azimuth * 0, azimuth * 0 + 0.5)

    with pytest.raises(ValueError, match="no styles of the first layers"):
        find_view_codes(replace(search(candidates=8, objects=8, layers=2), teller=Blind()))


def test_evenly():
    azimuth = torch.tensor([0.0, 10, 50, 85, 100, 182, 200, 268, 275, 300])
    assert evenly(azimuth, 4) == [0, 3, 5, 7]
    assert evenly(azimuth, 10) == list(range(10))
    assert evenly(torch.tensor([350.0, 170.0]), 2) == [1, 0]


def test_means_of_angles_leave_the_backs_out():
    azimuth = torch.tensor([[350.0, 10], [10, 20], [180, 15], [5, 200]])
    found = circular_mean(azimuth, torch.ones(4, 2))
    assert angle_between(found, torch.tensor([1.67, 15.0])).max() < 0.1
    assert largest_gap(torch.tensor([10.0, 350, 100])) == pytest.approx(250)


def test_identity():
    objects, views = torch.eye(8)[:4], 5 * torch.eye(8)[4:7]
    of_both = (objects[:, None] + views).flatten(0, 1)
    assert identity(of_both, 3) == 1
    assert identity(views.repeat(4, 1), 3) == pytest.approx(1 / 4)
    turned = of_both.clone()
    turned[2::3] = turned[2::3].roll(1, 0)  # under the last code every object is another one
    assert identity(turned, 3) == pytest.approx(1 / 3)


def test_first_layers_are_the_codes_own():
    styles, codes = torch.randn(2, 6, 5), torch.randn(3, 2, 5)
    made = seen_from(styles, codes)
    assert made.shape == (2, 3, 6, 5)
    assert torch.equal(made[1, 2, :2], codes[2])
    assert torch.equal(made[1, 2, 2:], styles[1, 2:])
    assert torch.equal(seen_from(styles, codes[:, :0])[0, 1], styles[0])


def some_codes() -> ViewCodes:
    return ViewCodes(
        torch.randn(4, 2, 5), torch.arange(4) * 90.0, torch.full((4,), 27.0), torch.ones(4), {"usable": 0.5}
    )


@pytest.fixture(scope="module")
def system() -> StyleGAN2System:
    return StyleGAN2System(fresh_network(TINY, 3))


def test_a_file_of_codes(system, tmp_path):
    codes, file = some_codes(), tmp_path / "views.safetensors"
    save_view_codes(file, codes, system.generator)
    found = load_view_codes(file, system.generator)
    assert torch.equal(found.styles, codes.styles)
    assert torch.equal(found.azimuth, codes.azimuth)
    assert found.measured == {"usable": 0.5}
    with pytest.raises(BadInput, match="view codes of other weights"):
        load_view_codes(file, fresh_network(TINY, 4).generator)
    wider = NetworkConfig(size=16, width=0.005, channel_max=8, z_dim=6, w_dim=7)
    with pytest.raises(BadInput, match=r"has styles of 4 x 2 x 5; these weights need codes of up to 6 x 7"):
        load_view_codes(file, fresh_network(wider, 3).generator)
    system.save(tmp_path / "w.safetensors", "float32")
    with pytest.raises(BadInput, match="these are weights of stylegan2"):
        load_view_codes(tmp_path / "w.safetensors", system.generator)


def test_an_orbit(system, tmp_path):
    codes, file = some_codes(), tmp_path / "views.safetensors"
    save_view_codes(file, codes, system.generator)
    seen = system.orbit([5, 6], 2, file)
    assert seen.images.shape == (2, 2, 3, 16, 16)
    assert angle_between(seen.azimuth[1], seen.azimuth[0]) == 180
    styles = system.styles([6])
    first = int((codes.azimuth == seen.azimuth[0]).nonzero())
    styles = torch.cat([codes.styles[first : first + 1], styles[:, 2:]], 1)
    alone = (system.generator.synthesis(styles, "const") + 1) / 2
    assert torch.allclose(seen.images[1, 0], alone[0].clamp(0, 1), atol=1e-5)
    latents = {"w": system.styles([5])[0, :1]}
    again = system.orbit(latents, 2, file)
    assert torch.allclose(again.images[0], seen.images[0], atol=1e-6)
    with pytest.raises(ValueError, match="views 5: there are view codes of 4"):
        system.orbit([5], 5, file)


def test_where_codes_are(tmp_path):
    assert view_codes_beside(tmp_path) == tmp_path / "weights_views.safetensors"
    assert view_codes_beside(tmp_path / "a.safetensors") == tmp_path / "a_views.safetensors"


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"count": 3}, "4 to 120"),
        ({"candidates": 2}, "as many as views"),
        ({"objects": 1}, "at least 2"),
        ({"layers": 0}, "at least 1"),
        ({"seed": -1}, "at least 0"),
    ],
)
def test_options_out_of_range(how, says):
    with pytest.raises(ValueError, match=says):
        OrbitOptions(**how)
