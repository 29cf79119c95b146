"""The molder: every method lowers a loss, and remeshing on the way loses nothing."""

import pytest
import torch

from maquette.systems.molding.losses import History, weighted_sum
from maquette.systems.molding.optimise import MethodConfig, Molder
from maquette.systems.molding.schedule import RemeshSchedule, StepSize
from maquette.utils import ico_sphere

LR = {"sgd": 0.3, "adam": 0.02, "large-steps": 0.4}


def molder(method: str) -> Molder:
    mesh = ico_sphere(1)
    return Molder(mesh.verts_packed(), mesh.faces_packed(), MethodConfig(method, LR[method]))


def towards_ellipsoid(mesh):
    scaled = mesh.verts_packed() / torch.tensor([1.0, 0.5, 1.5])
    loss = (scaled.square().sum(dim=1) - 1).square().mean()
    return loss, {"fit": loss}


@pytest.mark.parametrize("method", list(LR))
def test_each_method_lowers_the_loss(method):
    subject = molder(method)
    losses = [subject.step(towards_ellipsoid)["fit"].item() for _ in range(60)]
    assert losses[-1] < 0.05 * losses[0]


@pytest.mark.parametrize("method", list(LR))
def test_remeshing_keeps_place_memory_and_progress(method):
    subject = molder(method)
    before = [subject.step(towards_ellipsoid)["fit"].item() for _ in range(20)]
    subject.remesh(0.3)
    verts = subject.verts()
    assert len(verts) > 42
    assert subject.mesh().edges_packed().max() == len(verts) - 1
    after = [subject.step(towards_ellipsoid)["fit"].item() for _ in range(20)]
    assert after[0] < 0.5 * before[0]
    assert after[-1] < 0.1 * before[0]


def test_a_step_scaled_to_nothing_moves_nothing():
    subject = molder("large-steps")
    start = subject.verts().detach()
    subject.step(towards_ellipsoid, lr_scale=0.0)
    assert torch.equal(subject.verts().detach(), start)


def test_known_settings():
    assert MethodConfig.of("sgd") == MethodConfig("sgd", lr=1.0, momentum=0.9)
    assert MethodConfig.of("adam").lr == 0.01


def test_step_size_holds_then_falls():
    size = StepSize(hold=0.5, final=0.01)
    assert [size.at(step, 100) for step in (0, 25, 50)] == [1.0, 1.0, 1.0]
    assert size.at(75, 100) == pytest.approx(0.1)
    assert size.at(100, 100) == pytest.approx(0.01)
    assert StepSize(hold=1.0).at(100, 100) == 1.0


def test_remeshing_goes_from_coarse_to_fine():
    schedule = RemeshSchedule(every=10, first=0.1, last=0.8, coarse=0.2, fine=0.05, fine_at=0.5)
    lengths = {step: schedule.length_at(step, 100) for step in range(100)}
    due = [step for step, length in lengths.items() if length is not None]
    assert due == [10, 20, 30, 40, 50, 60, 70, 80]
    assert lengths[10] == pytest.approx(0.2)
    assert lengths[30] == pytest.approx(0.1)
    assert lengths[50] == lengths[80] == pytest.approx(0.05)


def test_weighted_sum_and_history():
    class Weights:
        a, b = 2.0, 0.5

    terms = {"a": torch.tensor(3.0), "b": torch.tensor(4.0)}
    assert weighted_sum(terms, Weights()).item() == 8.0
    history = History()
    history.add(terms)
    history.add({"b": torch.tensor(1.0)})
    assert history.curves() == {"a": [3.0], "b": [4.0, 1.0]}
