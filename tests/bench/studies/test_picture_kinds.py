"""Kinds of pictures: what is learned from is left out of its own test; all groups are counted."""

import pytest
import torch

from maquette.bench.studies import picture_kinds as study
from maquette.io import save_image

FITS = (study.nearest_mean, study.logistic_regression)


@pytest.mark.parametrize("fit", FITS)
def test_two_clouds_are_told_apart(fit) -> None:
    torch.manual_seed(0)
    x, cats = torch.randn(40, 3) * 0.2, torch.arange(40) % 4 == 0
    x[cats] += 1
    assert torch.equal(fit(x, cats)(x), cats)


def test_what_is_tested_is_not_learned_from() -> None:
    """With itself the person at 10 is nearer to the mean of people, 5, than to that of cats, 3; without it is not."""
    people, cats = torch.tensor([[0.0], [10.0]]), torch.tensor([[3.0], [3.0]])
    groups = [("people: face", False, people), ("cats: cat", True, cats), ("drawn", False, people)]
    told = study.score(groups, "folders", study.nearest_mean)
    assert told == {"people: face": [0, 2], "cats: cat": [2, 2], "drawn": [1, 2]}


def test_a_source_that_is_not_there_has_no_row() -> None:
    groups = [("people: face", False, torch.zeros(2, 1)), ("cats: cat", True, torch.ones(2, 1))]
    assert study.score(groups, "photographs", study.nearest_mean) == {}


def test_pictures_of_folders_are_counted_by_kind(tmp_path) -> None:
    torch.manual_seed(0)
    for folder, colour in (("people", 0.9), ("cats", 0.1)):
        (tmp_path / folder).mkdir()
        for number in range(3):
            picture = (colour + 0.05 * torch.randn(3, 20, 24)).clamp(0, 1)
            save_image(picture, tmp_path / folder / f"{number}_plain.png")
    words = ["--people", str(tmp_path / "people"), "--cats", str(tmp_path / "cats")]
    numbers = study.main([*words, "--json", str(tmp_path / "kinds.json")])
    assert (tmp_path / "kinds.json").is_file()
    assert [(row["by"], row["from"]) for row in numbers["rows"]] == [
        ("nearest_mean", "folders"),
        ("logistic_regression", "folders"),
        ("nearest_mean", "drawn"),
        ("logistic_regression", "drawn"),
    ]
    assert all(row["features"] == "finder" for row in numbers["rows"])
    first = numbers["rows"][0]
    assert (first["people: plain"], first["cats: plain"]) == ([3, 3], [3, 3])
