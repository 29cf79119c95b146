"""Evaluation: scores, controls, cases and what is left out, with systems that see and that do not."""

import pytest
import torch

from maquette.data.problems import Problem
from maquette.evaluate import Evaluation, evaluate
from maquette.io.errors import BadInput
from maquette.metrics.protocols import PROTOCOLS
from maquette.metrics.voxel_iou import voxel_iou
from voxel_fakes import Blind, BoxSource, Seer, column

R2N2, PIX2VOX = PROTOCOLS["r2n2-2016"], PROTOCOLS["pix2vox"]
MEASURES = [measure.name for measure in R2N2.measures]


def other(found: Evaluation) -> dict:
    return found.beyond["controls"]["other_target"]


def mean(found: Evaluation) -> dict | None:
    return found.beyond["controls"]["mean_grid"]


@pytest.fixture
def source() -> BoxSource:
    return BoxSource({"train": 20, "val": 3, "test": 13})


def test_a_perfect_system_has_perfect_scores(source: BoxSource):
    found = evaluate(Seer(source), source, R2N2, views=[1])
    assert [entry.id for entry in found.entries] == [f"test{i}" for i in range(13)]
    assert torch.equal(column(found, 1, "iou"), torch.ones(13))
    assert torch.equal(column(found, 1, "average_precision"), torch.ones(13))
    assert column(found, 1, "log_loss").tolist() == pytest.approx([0.10536] * 13, abs=1e-4)
    assert found.beyond["sweep"] is None


def test_scores_are_those_of_the_predictions_at_the_protocols_threshold(source: BoxSource):
    system = Seer(source, errors=0.2)
    found = evaluate(system, source, PIX2VOX, split="val", views=[2])
    batch = source.held_batch([20, 21, 22], 2)
    probability = system.occupancy(batch.images)
    torch.testing.assert_close(column(found, 2, "iou"), voxel_iou(probability, batch.truth.voxels, 0.3))
    means = [float(voxel_iou(probability, batch.truth.voxels, t).mean()) for t in (0.2, 0.3, 0.4, 0.5)]
    assert [row["sample_mean"] for row in found.beyond["sweep"]["iou"]] == pytest.approx(means)


def test_more_views_use_the_first_pictures_and_do_better(source: BoxSource):
    found = evaluate(Seer(source, errors=0.3), source, R2N2, views=(5, 1, 2))
    assert found.views == (1, 2, 5)
    means = [float(column(found, n, "iou").mean()) for n in found.views]
    assert means[0] < means[1] < means[2]
    alone = evaluate(Seer(source, errors=0.3), source, R2N2, views=(2,))
    for name in MEASURES:
        torch.testing.assert_close(column(found, 2, name), column(alone, 2, name))


def test_a_system_that_sees_beats_both_controls(source: BoxSource):
    found = evaluate(Seer(source), source, R2N2, views=[1])
    assert other(found)["compared"] == 13
    assert other(found)["share_won"] > 0.8
    assert mean(found)["compared"] == 13
    assert mean(found)["ahead"] > 0.2


def test_a_blind_system_is_no_better_than_the_mean_grid(source: BoxSource):
    found = evaluate(Blind(source), source, R2N2, views=[1])
    assert mean(found)["fixed"] == pytest.approx(mean(found)["predicted"], abs=1e-6)
    assert mean(found)["ahead"] <= 0
    assert other(found)["share_won"] < 0.7


def test_the_training_split_has_no_mean_grid_of_itself(source: BoxSource):
    assert mean(evaluate(Seer(source), source, R2N2, split="train", views=[1])) is None


def test_cases_are_the_ends_and_the_middle(source: BoxSource):
    found = evaluate(Seer(source, errors=0.3), source, R2N2, views=[1], cases=2)
    order = sorted(column(found, 1, "iou").tolist())
    values = {kind: [c.value for c in found.cases if c.kind == kind] for kind in ("worst", "median", "best")}
    assert values["worst"] == order[:2]
    assert values["best"] == order[::-1][:2]
    assert values["median"] == order[5:7]
    for case in found.cases:
        solid = case.made >= R2N2.threshold
        assert float(voxel_iou(solid[None], case.batch.truth.voxels)) == pytest.approx(case.value)


def test_broken_samples_are_left_out_and_named():
    source = BoxSource({"train": 20, "test": 13}, broken=["test3", "test12", "train2"])
    said = []
    before = Problem("mesh.ply", "no faces")
    found = evaluate(
        Seer(source), source, R2N2, views=[1], watch=lambda n, _: said.append(n), problems=[before]
    )
    assert len(found.entries) == 11
    assert [problem.path for problem in found.problems] == ["mesh.ply", "test3.png", "test12.png"]
    assert all(entry.id not in source.broken for entry in found.entries)
    assert mean(found) is not None
    assert said == sorted(said)


def test_nothing_readable_is_bad_input_and_an_empty_split_a_mistake():
    source = BoxSource({"train": 2, "test": 2}, broken=["test0", "test1"])
    with pytest.raises(BadInput, match=r"test0\.png: the picture cannot be decoded"):
        evaluate(Seer(source), source, R2N2, views=[1])
    with pytest.raises(ValueError, match="0 entries in split 'val'"):
        evaluate(Seer(source), source, R2N2, split="val")
    with pytest.raises(ValueError, match="views"):
        evaluate(Seer(source), source, R2N2, views=[0])


def test_data_without_what_the_protocol_needs_are_a_mistake(source: BoxSource):
    source.provides = frozenset({"cameras"})
    with pytest.raises(ValueError, match="has no voxels, which is needed; it has cameras"):
        evaluate(Seer(source), source, R2N2)


def test_one_sample_is_enough():
    source = BoxSource({"test": 1})
    found = evaluate(Seer(source), source, R2N2, views=[1])
    assert other(found)["compared"] == 0
    assert mean(found) is None
    assert [case.kind for case in found.cases] == ["worst", "median", "best"]


def test_the_same_numbers_again(source: BoxSource):
    one, two = (evaluate(Seer(source, 0.3), source, R2N2, views=[1]) for _ in range(2))
    for name in MEASURES:
        assert torch.equal(column(one, 1, name), column(two, 1, name))
    assert one.beyond == two.beyond
