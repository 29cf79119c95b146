"""The head that ships: small, whole, closed where it shows, and painted where it should be."""

from importlib.resources import files

import pytest
import torch

from maquette.data.faces import load_model
from maquette.data.faces.model import LAYERS, STEP


@pytest.fixture(scope="module")
def model():
    return load_model()


def test_the_asset_is_small() -> None:
    assert len(files("maquette").joinpath("assets/faces.npz").read_bytes()) < 6 * 2**20


def test_its_parts_fit(model) -> None:
    verts = len(model.mean)
    assert model.deltas.shape == (verts, model.identities + len(model.expressions), 3)
    assert model.layers.shape == (verts, len(LAYERS))
    assert model.faces.min() == 0
    assert model.faces.max() == verts - 1
    assert model.mean[:, 0].mean().abs() < 0.1  # as wide to the left as to the right


def test_faces_around_vertices_have_them(model) -> None:
    starts, around = model.around
    for vert in range(0, len(model.mean), 1000):
        own = around[starts[vert] : starts[vert + 1]].long()
        assert len(own) == (model.faces == vert).sum()
        assert (model.faces[own] == vert).any(dim=1).all()


@pytest.mark.parametrize(
    ("layer", "landmarks"), [("lips", [51, 57]), ("brows", [19, 24]), ("flush", [30]), ("beard", [8])]
)
def test_paint_is_at_its_landmarks(model, layer, landmarks) -> None:
    amount = model.layers[:, LAYERS.index(layer)]
    assert amount[model.landmarks[landmarks]].min() > 100
    assert amount[model.landmarks[27]] == 0 or layer == "flush"  # the bridge of the nose


def test_an_open_jaw_moves_the_chin_down_and_leaves_the_brows(model) -> None:
    shape = model.identities + model.expressions.index("jawOpen")
    moved = model.deltas[model.landmarks, shape].float() * STEP
    assert moved[8, 1] < -1
    assert moved[17:27].abs().max() < 0.1


def test_eyes_turn_with_the_gaze(model) -> None:
    pupil = model.layers[:, LAYERS.index("pupil")] > 0
    left = pupil & (model.mean[:, 0] > 0)
    for word, axis, sign in (("Out", 0, 1), ("In", 0, -1), ("Up", 1, 1), ("Down", 1, -1)):
        shape = model.identities + model.expressions.index(f"eyeLook{word}_L")
        assert (sign * model.deltas[left, shape, axis].float() * STEP).min() > 0.4
        assert model.deltas[pupil & ~left, shape].abs().max() == 0


def test_the_head_goes_to_a_device(model) -> None:
    there = model.to(torch.device("cpu"))
    assert there.expressions == model.expressions
    assert torch.equal(there.around.faces, model.around.faces)
