"""Mean training grids, and what the controls say where nothing could be compared."""

import torch

from maquette.metrics.protocols import voxel_controls
from maquette.metrics.protocols.voxel_controls import control_remarks, control_sections, training_means
from voxel_fakes import BoxSource

SOURCE = BoxSource({"train": 5, "test": 4})


def test_means_are_of_the_training_shapes_of_the_categories():
    means = training_means(SOURCE, {"low"}, "test")
    assert list(means) == ["low"]
    torch.testing.assert_close(means["low"], SOURCE.grids[[0, 2, 4]].float().mean(0))


def test_the_training_split_has_no_means():
    assert training_means(SOURCE, {"low", "tall"}, "train") == {}


def test_of_many_shapes_some_that_are_spread_over_the_list(monkeypatch):
    monkeypatch.setattr(voxel_controls, "_GRIDS_A_MEAN", 2)
    torch.testing.assert_close(
        training_means(SOURCE, {"low"}, "test")["low"], SOURCE.grids[[0, 4]].float().mean(0)
    )


def test_what_cannot_be_read_is_left_out():
    broken = BoxSource({"train": 5, "test": 4}, broken=["train0", "train1", "train3"])
    means = training_means(broken, {"low", "tall"}, "test")
    assert list(means) == ["low"]
    torch.testing.assert_close(means["low"], SOURCE.grids[[2, 4]].float().mean(0))


def test_where_nothing_could_be_compared_nothing_is_said():
    none = {"other_target": {"compared": 0}, "mean_grid": None}
    assert (control_remarks(none), control_sections(none)) == ([], [])
    won = {"compared": 4, "share_won": 0.75, "own": 0.5, "other": 0.25}
    (words,) = control_remarks({"other_target": won, "mean_grid": None})
    assert words == "nearer to its own target than to another of the class: 75 % of 4"
    (section,) = control_sections({"other_target": won, "mean_grid": None})
    assert [tile[:2] for tile in section.tiles] == [("nearer to its own target", "75 %")]
