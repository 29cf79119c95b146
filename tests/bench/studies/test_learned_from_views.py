"""Cells, cameras and outlines of drawn cars belong together, and both losses teach; tiny runs write every row."""

import json

import pytest
import torch

from drawn_orbit import DrawnOrbits
from maquette.bench.studies import learned_from_views
from maquette.bench.studies.learned_from_views import (
    Posed,
    _orbit_of,
    cells_loss,
    drawn_car,
    fitting_level,
    odds,
    outlines_loss,
    placed,
    trained,
)
from maquette.io.errors import BadInput
from maquette.io.images import load_image
from maquette.poses.volume import look_into, rays_of
from maquette.renderer.views import R2N2_FOV
from maquette.systems.viewpoint.config import NetworkConfig as ViewpointConfig
from maquette.systems.viewpoint.network import ViewpointNetwork
from maquette.systems.viewpoint.system import ViewpointSystem

ALL = torch.arange(6)


@pytest.fixture(scope="module")
def car():
    return drawn_car(3, 6)


def outline_iou(cells, car: Posed):
    cube = torch.where(cells, 9.0, -9.0)
    seen = look_into(cube[None], car.R, car.T, rays_of(32, R2N2_FOV), 32).opacity.view(-1, 32, 32) > 0.5
    true = car.outlines > 0.5
    return (seen & true).flatten(1).sum(1) / (seen | true).flatten(1).sum(1)


def test_cells_seen_by_the_cameras_are_the_outlines(car):
    assert outline_iou(car.cells, car).min() > 0.88
    assert outline_iou(car.cells.transpose(0, 2), car).median() < 0.7  # sideways


def test_found_cameras_are_those_of_the_same_cells(car):
    orbits = DrawnOrbits()
    found = placed(orbits.orbit([3], 8, None), orbits)
    assert len(found.images) == len(found.outlines) == len(found.R) == 8
    assert found.cells is None
    assert outline_iou(car.cells, found).median() > 0.85


def test_views_of_nothing_are_no_object():
    orbits = DrawnOrbits()
    orbit = orbits.orbit([3], 8, None)
    assert placed(orbit._replace(images=torch.full_like(orbit.images, 0.9)), orbits) is None


def test_outlines_know_the_true_cells(car):
    torch.manual_seed(0)
    right = outlines_loss(torch.where(car.cells, 6.0, -6.0), car, ALL)
    wrong = [torch.full(car.cells.shape, odds) for odds in (-6.0, 6.0)]
    wrong.append(torch.where(car.cells.transpose(0, 2), 6.0, -6.0))
    assert all(right < 0.5 * outlines_loss(cube, car, ALL) for cube in wrong)


@pytest.mark.parametrize("by_cells", [True, False])
def test_both_losses_teach(car, by_cells):
    loss = cells_loss if by_cells else outlines_loss
    first, last = (trained([car], by_cells, steps, 0) for steps in (1, 12))
    with torch.no_grad():
        values = [float(loss(odds(network, car.images[:1])[0], car, ALL)) for network in (first, last)]
    assert values[1] < 0.8 * values[0]


def test_drawn_cars_in_the_place_of_a_generators():
    """What is told of a drawn car's cameras is what a stand-in for a generator would tell of them."""
    car, orbits = drawn_car(3, 8), DrawnOrbits()
    told = _orbit_of(car)
    orbits.true = told.azimuth
    found = placed(told, orbits)
    assert found is not None
    assert outline_iou(car.cells, found).median() > 0.85


@pytest.mark.parametrize(
    ("words", "says"), [("--views 3", "--views: 3: at least 6"), ("--objects 0", "--objects: 0: at least 1")]
)
def test_numbers_that_make_no_sense(words, says):
    with pytest.raises(BadInput, match=says):
        learned_from_views.main(["drawn", "--viewpoint", "none", *words.split()])


def test_outlines_tell_from_which_odds_on_cells_are_solid(car, monkeypatch):
    cube = torch.where(car.cells, -2.5, -4.5)
    monkeypatch.setattr(
        learned_from_views, "odds", lambda network, images: cube.expand(len(images), -1, -1, -1)
    )
    assert fitting_level(None, [car, car]) == -3.5  # all of -4.5 to -3 fit alike


def test_every_row_is_written(tmp_path):
    torch.manual_seed(0)
    teller = tmp_path / "view.safetensors"
    ViewpointSystem(ViewpointNetwork(ViewpointConfig(size=16, width=4))).save(teller)
    files = {"--json": tmp_path / "n.json", "--sheet": tmp_path / "s.png", "--viewpoint": teller}
    few = {"--objects": 2, "--views": 6, "--held": 2, "--steps": 2}
    words = [str(word) for pair in (few | files).items() for word in pair]
    words += ["drawn", "--rows", "shapes", "outlines", "invented"]
    numbers = learned_from_views.main(words)
    assert [row["row"] for row in numbers["rows"]] == ["mean", *["shapes"] * 2, *["outlines"] * 2]
    assert numbers["asked"]["rows"] == ["shapes", "outlines"]
    assert numbers["asked"]["viewpoint"] == "view.safetensors"
    assert numbers["summary"]["mean"]["iou"] > 0.5
    written = json.loads(files["--json"].read_text())
    assert written["summary"] == numbers["summary"]
    assert load_image(files["--sheet"]).shape == (3, 4 * 96, 2 * 96)
