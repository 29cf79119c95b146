"""Protocol `generated`: a generator that knows the held pictures, one that knows one of them, and what is said."""

import math
from collections.abc import Sequence

import pytest
import torch

from maquette.data.batch import Batch, Entry
from maquette.evaluate import Evaluation, evaluate
from maquette.io import BadInput
from maquette.metrics.protocols import PROTOCOLS
from maquette.metrics.protocols.face import Row
from maquette.report.evaluation_page import evaluation_page
from maquette.report.numbers import numbers_of

SIDE, TEST, TRAIN = 16, 8, 12


def image(seed: int) -> torch.Tensor:
    coarse = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, size=(SIDE, SIDE))[0]


class Coarse:
    """Pictures of coarse colours: training ones first, then held ones of two classes."""

    provides: frozenset[str] = frozenset()
    entries = [
        Entry(f"picture-{i}", "ab"[i % 2], "train" if i < TRAIN else "test") for i in range(TRAIN + TEST)
    ]

    def held_batch(self, indices: Sequence[int], views: int, device="cpu") -> Batch:
        images = [torch.stack([image(1000 * i + k) for k in range(views)]) for i in indices]
        return Batch(torch.stack(images), torch.tensor(list(indices)))

    def training_batch(self, step: int, count: int, views: int, part=(0, 1), device="cpu") -> Batch:
        return self.held_batch(range(count), views, device)

    def view_count(self, index: int) -> None:
        return None


class Twice(Coarse):
    """Its training pictures are the held ones."""

    def held_batch(self, indices: Sequence[int], views: int, device="cpu") -> Batch:
        batch = super().held_batch([TRAIN + i % TEST for i in indices], views, device)
        return Batch(batch.images, torch.tensor(list(indices)))


class Knowing:
    """Generates the very held pictures, whose seeds are those of the protocol."""

    weights = "knowing"

    def generate(self, count: int, seed: int = 0, options=None) -> torch.Tensor:
        return torch.stack([image(seed + i) for i in range(count)])


class Collapsed(Knowing):
    """Always the same grey."""

    def generate(self, count: int, seed: int = 0, options=None) -> torch.Tensor:
        return torch.full((count, 3, SIDE, SIDE), 0.5) + 1e-3 * torch.rand(count, 3, 1, 1)


class Asking(Knowing):
    """Has to be told more."""

    def generate(self, count: int, seed: int = 0, options=None) -> torch.Tensor:
        raise ValueError("label None: these weights need one from 0 to 1")


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """The network sees small pictures, which is quicker."""
    monkeypatch.setattr("maquette.metrics.protocols.generated._SIDE", 32)


@pytest.fixture(scope="module")
def protocol():
    return PROTOCOLS["generated"].opened("none")


def scored(protocol, system, **options) -> tuple[Evaluation, dict]:
    found = evaluate(system, Coarse(), protocol, cases=1, **options)
    return found, numbers_of(found, {"system": "x"})


def means(numbers: dict, views: str = "1") -> dict[str, float]:
    return {name: value["all"] for name, value in numbers["groups"]["all"]["views"][views].items()}


def test_the_held_pictures_themselves(protocol):
    found, numbers = scored(protocol, Knowing())
    assert means(numbers) == pytest.approx({"mfid": 0.0, "precision": 1.0, "recall": 1.0}, abs=1e-5)
    assert (numbers["classes"], list(numbers["groups"])) == ({}, ["all"])
    assert numbers["class_recall"] == {"a": 1.0, "b": 1.0}
    assert numbers["training"]["pictures"] == TEST
    assert numbers["training"]["mfid"] > 0
    for case in found.cases:  # what is shown is what was ranked
        assert torch.equal(case.made, case.batch.images[0, 0])
    page = evaluation_page(found, numbers)
    assert "What training pictures would score" in page
    assert "By realism." in page
    assert "<h2>Classes</h2>" not in page


def test_training_pictures_are_scored_as_generated_ones_are(protocol):
    found = evaluate(Knowing(), Twice(), protocol, cases=1)
    scored = {name: found.beyond["training"][name] for name in ("mfid", "precision", "recall")}
    assert scored == pytest.approx({"mfid": 0.0, "precision": 1.0, "recall": 1.0}, abs=1e-5)


def test_other_seeds_are_other_pictures(protocol):
    _, numbers = scored(protocol, Knowing(), seed=1)
    assert means(numbers)["mfid"] > 0


def test_several_pictures_of_each(protocol):
    _, numbers = scored(protocol, Knowing(), views=(1, 3))
    assert means(numbers, "3") == pytest.approx({"mfid": 0.0, "precision": 1.0, "recall": 1.0}, abs=1e-5)
    one = scored(protocol, Knowing())[1]
    assert means(numbers) == pytest.approx(means(one), abs=1e-6)


def test_a_collapse_is_said(protocol):
    _, numbers = scored(protocol, Collapsed())
    found = means(numbers)
    assert found["recall"] == 0.0
    assert found["mfid"] > 0
    said = protocol.remarks(numbers)
    assert said[0].startswith("training pictures in their place: mfid ")
    assert said[1] == "hardly a held picture is among the generated ones: the generator may have collapsed"
    assert said[2].startswith("mfid of 8 pictures with 1280 features is too large")


def test_what_the_numbers_are_of_stands_beside_them(protocol):
    _, numbers = scored(protocol, Knowing())
    drawn = "mobilenet_v2, weights drawn at random (seed 0)"
    assert numbers["protocol"]["features"] == drawn
    assert numbers["protocol"]["k"] == 3
    assert numbers["protocol"]["fixed"]["features"].startswith(drawn)
    assert protocol.opened() is protocol
    assert "once it is open" in dict(PROTOCOLS["generated"].fixed())["features"]


def test_too_few_pictures(protocol):
    rows = [
        Row(entry, 1, {}, row) for entry, row in zip(Coarse.entries[:2], _pairs(protocol)[:2], strict=True)
    ]
    values = protocol.summarise(protocol.together(rows))
    assert math.isnan(values["precision"]["all"])
    assert values["mfid"]["all"] == pytest.approx(0, abs=1e-5)
    numbers = {
        "training": None, "pictures": 2, "features": 1280, "groups": {"all": {"views": {"1": values}}},
    }  # fmt: skip
    assert protocol.remarks(numbers)[0] == "2 pictures are too few for 3 neighbours"


def _pairs(protocol) -> list:
    found, _ = scored(protocol, Knowing())
    return [row.kept for row in found.rows[1]]


def test_weights_that_have_to_be_told_more(protocol):
    with pytest.raises(BadInput, match="knowing: cannot be evaluated: label None"):
        scored(protocol, Asking())


def test_other_protocols_have_no_backbone():
    with pytest.raises(ValueError, match="protocol masks compares no features"):
        PROTOCOLS["masks"].opened("none")
    assert PROTOCOLS["masks"].opened() is PROTOCOLS["masks"]
