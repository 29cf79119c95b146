"""Protocol `unsup3d`: the true depth scores best whatever its scale, and guesses as they should."""

from dataclasses import dataclass, replace

import pytest
import torch

from maquette.data.batch import Batch
from maquette.data.faces import FaceViews
from maquette.data.pictures_config import PicturesConfig
from maquette.evaluate import evaluate
from maquette.metrics.protocols.depth import UNSUP3D, SeenDepth, drawn_normals, unit_normals
from maquette.metrics.protocols.depth_baselines import mean_depth
from maquette.report.evaluation_page import evaluation_page
from maquette.report.numbers import numbers_of
from maquette.systems.unsup3d.config import NetworkConfig
from maquette.systems.unsup3d.network import Unsup3DNetwork
from maquette.systems.unsup3d.system import Unsup3DSystem

SIZE = 32


@dataclass
class Oracle:
    """Knows the depths, up to a factor, of all or of the upper half of a picture; the rest it does not see."""

    source: FaceViews
    factor: float = 1.0
    rows: int = SIZE

    def depths(self, images: torch.Tensor) -> SeenDepth:
        tests = [i for i, entry in enumerate(self.source.entries) if entry.split == "test"]
        batch = self.source.held_batch(tests, 1)
        same = (batch.images[None, :, 0] == images[:, None]).flatten(2).all(2).float().argmax(1)
        true = batch.truth.depth[same, 0, 0]
        seen = torch.zeros_like(true, dtype=torch.bool)
        seen[:, : self.rows] = True
        return SeenDepth(torch.where(true > 0, true, 1.1).where(seen, 0.8) * self.factor, seen)


class NoNormals(FaceViews):
    """The same faces, of which less is known."""

    provides = frozenset({"depth"})


@pytest.fixture(scope="module")
def faces() -> FaceViews:
    return FaceViews(40, SIZE)


def numbers(system: object, source: FaceViews, **options) -> dict:
    return numbers_of(evaluate(system, source, UNSUP3D, device="cpu", cases=1, **options), {})


@pytest.mark.parametrize(("factor", "rows"), [(1.0, SIZE), (3.0, SIZE), (1.0, SIZE // 2)])
def test_the_truth_is_right_at_any_scale_and_where_it_is_not_seen_nothing_counts(faces, factor, rows):
    told = numbers(Oracle(faces, factor, rows), faces)
    summary = told["groups"]["all"]["views"]["1"]
    assert summary["side"]["sample_mean"] < 1e-3
    assert summary["angle"]["sample_mean"] < 0.05
    assert 1 < summary["mad"]["sample_mean"] < 5  # published normals are shorter than 1
    assert set(summary["side"]) == {"sample_mean", "std"}


def test_guesses_lie_as_far_off_as_in_published_tables(faces):
    guesses = numbers(Oracle(faces), faces)["baselines"]
    assert 1 < guesses["constant"]["side"]["mean"] < 4
    assert 30 < guesses["constant"]["mad"]["mean"] < 60
    assert guesses["mean"]["side"]["mean"] < guesses["constant"]["side"]["mean"]
    assert guesses["mean"]["mad"]["mean"] < guesses["constant"]["mad"]["mean"]
    assert guesses["mean"]["side"]["std"] > 0


def test_a_constant_by_hand(faces):
    """The deviation of the logarithms of the true depths over the pixels that count, n - 1 over samples."""
    tests = [i for i, entry in enumerate(faces.entries) if entry.split == "test"]
    true = faces.held_batch(tests, 1).truth.depth[:, 0, 0]
    inside = torch.nn.functional.avg_pool2d((true > 0).float()[:, None], 3, 1, 1)[:, 0] > 0.99
    by_hand = torch.stack(
        [100 * own[mask].log().std(correction=0) for own, mask in zip(true, inside, strict=True)]
    )
    told = numbers(Oracle(faces), faces)["baselines"]["constant"]["side"]
    assert told["mean"] == pytest.approx(float(by_hand.mean()), rel=1e-4)
    assert told["std"] == pytest.approx(float(by_hand.std()), rel=1e-3)


def test_drawn_normals_are_those_of_the_depth_but_for_its_pixels(faces):
    batch = faces.held_batch([0, 1], 1)
    mask = batch.truth.depth[:, 0, 0] > 0
    own, drawn = unit_normals(batch.truth.depth[:, 0, 0]), drawn_normals(batch)
    assert ((own * drawn).sum(-1)[mask]).median() > 0.98
    told = numbers(Oracle(faces), faces)["drawn_normals"]
    assert told["mean"] == pytest.approx(told["floor"], abs=0.1)
    assert 0.5 < told["floor"] < 20
    bare = NoNormals(40, SIZE)
    assert drawn_normals(Batch(batch.images, batch.index, replace(batch.truth, normals=None))) is None
    assert numbers(Oracle(bare), bare)["drawn_normals"] is None


def test_the_mean_depth_of_training_pictures(faces):
    training = [i for i, entry in enumerate(faces.entries) if entry.split == "train"]
    depth = faces.held_batch(training, 1).truth.depth[:, 0, 0]
    mean = mean_depth(faces, SIZE)
    seen = (depth > 0).sum(0)
    torch.testing.assert_close(mean[seen > 0], (depth.sum(0) / seen)[seen > 0])
    if (seen == 0).any():
        assert (mean[seen == 0] == mean.max()).all()
    held = FaceViews(1, SIZE)
    held.entries = [replace(held.entries[0], split="test")]
    assert mean_depth(held, SIZE) is None


def test_networks_are_scored_and_shown(faces):
    """Untrained ones, which are far off."""
    config = NetworkConfig(size=SIZE, width=8)
    system = Unsup3DSystem(Unsup3DNetwork(config), PicturesConfig(size=SIZE), {})
    found = evaluate(system, faces, UNSUP3D, device="cpu", cases=1)
    told = numbers_of(found, {"system": "unsup3d"})
    assert told["groups"]["all"]["views"]["1"]["side"]["sample_mean"] > 0.5
    pictures = UNSUP3D.pictures(found.cases[0])
    assert [name for name, _ in pictures] == [
        "predicted depth", "target depth", "predicted normals", "target normals"
    ]  # fmt: skip
    assert all(one.shape == (3, SIZE, SIZE) and one.min() >= 0 and one.max() <= 1 for _, one in pictures)
    page = evaluation_page(found, told)
    assert "SIDE" in page
    assert "the mean depth of the training pictures" in page
    assert "over classes" not in page
    remarks = "\n".join(UNSUP3D.remarks(told))
    assert "one depth everywhere: SIDE e-2" in remarks
    assert "normals that were drawn" in remarks
