"""The learned renderer: the same scenes as the system's, a network that learns them, and training through it."""

import copy
import json

import pytest
import torch

from maquette.bench.studies import learned_renderer as study
from maquette.systems.unsup3d.formation import canonical, reconstruct
from unsup3d_fakes import some_raw


@pytest.fixture
def scenes() -> study.Scenes:
    torch.manual_seed(0)
    return study.Scenes.of(canonical(some_raw(scale=0.1), study.FORMATION))


def test_scenes_are_drawn_as_the_system_draws_them() -> None:
    found = canonical(some_raw(), study.FORMATION)
    made, again = reconstruct(found, study.FORMATION), study.real(study.Scenes.of(found))
    torch.testing.assert_close(again.image, made.image)
    torch.testing.assert_close(again.depth, made.depth)


def test_pictures_depend_on_all_that_is_told(scenes) -> None:
    renderer = study.LearnedRenderer(8)
    leaves = study.Scenes(*(part.requires_grad_() for part in scenes))
    gradients = study.gradients(lambda one: renderer(one)[0], leaves)
    assert all(one.abs().sum() > 0 for one in gradients)
    image, logit = renderer(scenes)
    assert (image.shape, logit.shape) == (scenes.albedo.shape, scenes.depth.shape)


def test_it_learns_what_the_real_renderer_makes(scenes) -> None:
    learner = study.Learner(study.LearnedRenderer(8))

    def off() -> float:
        return study.compare(lambda one: learner.renderer(one)[0], scenes)["l1"]

    before = off()
    for _ in range(60):
        learner.learn(scenes)
    assert off() < before / 2
    assert study.compare(lambda one: study.real(one).image, scenes)["l1"] == 0


@pytest.mark.parametrize("goes_on", [False, True])
def test_training_goes_through_it_and_it_learns_only_where_it_is_to(goes_on: bool) -> None:
    learner = study.Learner(study.LearnedRenderer(8))
    before = copy.deepcopy(learner.renderer.state_dict())
    raw = some_raw()
    raw.depth.requires_grad_()
    found = canonical(raw, study.FORMATION)
    made = study.through(learner, goes_on)(found, study.FORMATION)
    made.image.square().sum().backward()
    after = learner.renderer.state_dict()
    assert goes_on != all(torch.equal(before[name], after[name]) for name in before)
    assert made.mask.shape == (2, 1, *found.depth.shape[1:])
    assert torch.equal(made.mask[:, 0] > 0, made.seen[:2] & made.seen[2:])
    assert (made.image * (1 - torch.cat([made.mask, made.mask])) == 0).all()
    assert made.mask.sum() == 0 or raw.depth.grad.abs().sum() > 0


def test_all_is_measured(tmp_path) -> None:
    words = ["--minutes", "0.02", "--people", "4", "--batch", "2", "--width", "8", "--repeats", "1"]
    words += ["--steps", "1", "--scored", "30", "--json", str(tmp_path / "numbers.json")]
    numbers = study.main(words)
    written = json.loads((tmp_path / "numbers.json").read_text())
    assert written["through"] == numbers["through"]
    assert set(numbers["through"]) == {"real", "learned", "learned, learning on"}
    assert all(set(row["scores"]) == {"side", "mad", "angle"} for row in numbers["through"].values())
    assert set(numbers["guesses"]) == {"constant", "mean"}
    assert numbers["renderer"]["steps"] > 0
    assert len(numbers["ms_a_picture"]) == 4
    for kind in ("truth", "networks"):
        assert set(numbers["pictures"][kind]) == {"learned", "not turned"}
