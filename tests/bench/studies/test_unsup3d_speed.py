"""The speed of Unsup3D: shares that follow from the timings, and a twin that agrees where nothing hides anything."""

import torch

from maquette.bench.studies import unsup3d_speed as speed
from maquette.systems.unsup3d.config import FormationConfig
from maquette.systems.unsup3d.formation import canonical, reconstruct
from unsup3d_fakes import some_raw


def test_the_twin_sees_the_same_at_rest() -> None:
    """But for the picture's edge, where a surface nearer than the plane reaches beyond."""
    raw = some_raw()._replace(view=torch.zeros(2, 6))
    config = FormationConfig()
    found = canonical(raw, config)
    ours, twin = reconstruct(found, config), speed.plain_warp(found, config)
    torch.testing.assert_close(twin.depth, found.depth, atol=1e-5, rtol=0)
    torch.testing.assert_close(ours.depth, twin.depth, atol=1e-4, rtol=0)
    torch.testing.assert_close(ours.image, twin.image, atol=1e-2, rtol=0)


def test_the_twin_sees_another_depth_from_aside() -> None:
    raw = some_raw()
    found = canonical(raw, FormationConfig())
    assert not torch.allclose(
        reconstruct(found, FormationConfig()).depth,
        speed.plain_warp(found, FormationConfig()).depth,
        atol=1e-3,
    )


def test_all_is_timed(tmp_path) -> None:
    words = ["--repeats", "1", "--recipes", "best", "--batch", "2", "--width", "8", "--size", "32"]
    numbers = speed.main([*words, "--json", str(tmp_path / "speed.json")])
    assert (tmp_path / "speed.json").is_file()
    (row,) = numbers["rows"]
    seconds = {name: timing["median"] for name, timing in row["seconds"].items()}
    assert all(value > 0 for value in seconds.values())
    assert row["share_of_warping"] == seconds["warping"] / seconds["step"]
    assert "of a step" in speed.line(row)
