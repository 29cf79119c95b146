"""`Sweep`: angles of a film, and what is no range of angles."""

from dataclasses import replace

import pytest

from maquette.systems.sweeps import Sweep, parse_sweep


def test_a_circle_goes_round_without_its_first_angle_twice() -> None:
    sweep = replace(parse_sweep("0:360"), frames=4)
    assert sweep.angles() == [0, 90, 180, 270]
    assert sweep.order() == [0, 1, 2, 3]


def test_less_than_a_circle_goes_there_and_back() -> None:
    sweep = parse_sweep("-60:60", 90)
    assert len(sweep.order()) == sweep.frames
    short = replace(sweep, frames=4)
    assert short.angles() == [-60, 0, 60]
    assert short.order() == [0, 1, 2, 1]


def test_fractions_and_signs() -> None:
    assert parse_sweep(" -7.5 : +20. ") == Sweep(-7.5, 20.0)


@pytest.mark.parametrize("text", ["", "5", "a:b", "1:2:3", "nan:5", "0:inf", "1e1:30", "0-60"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match="FROM:TO"):
        parse_sweep(text)


@pytest.mark.parametrize(
    ("text", "reach", "message"),
    [
        ("0:0", 360, "rise"),
        ("60:-60", 90, "rise"),
        ("0:0.5", 360, "rise"),
        ("0:361", 360, "rise"),
        ("-100:60", 90, "lie"),
        ("20:91", 90, "lie"),
        ("300:400", 360, "lie"),
    ],
)
def test_senseless_ranges(text: str, reach: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_sweep(text, reach)
