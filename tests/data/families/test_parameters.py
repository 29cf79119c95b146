"""What a declared parameter says, and that a class of them stays a frozen dataclass."""

import dataclasses

import pytest

from maquette.data.families.parameters import about, one_of, parameters, within


@parameters
class Pole:
    """A pole."""

    height: float = within(0.5, 2, "metres")
    knob: float = within(0.01, 0.02, none=0)
    shape: str = one_of("round", "square")
    sides: int = one_of(3, 4, what="of its section")
    painted: bool = about("whether it is painted")
    surface: str


def test_the_docstring_lists_meaning_and_values():
    assert Pole.__doc__ == (
        "A pole.\n\nAttributes:\n"
        "    height: metres: 0.5 to 2\n"
        "    knob: 0.01 to 0.02, or 0 for none\n"
        "    shape: 'round', 'square'\n"
        "    sides: of its section: 3, 4\n"
        "    painted: whether it is painted\n"
        "    surface: what it is made of"
    )


def test_it_is_a_frozen_dataclass_without_defaults():
    pole = Pole(1.0, 0.0, "round", 3, False, "wood")
    assert dataclasses.replace(pole, height=1.5).height == 1.5
    with pytest.raises(dataclasses.FrozenInstanceError):
        pole.height = 2.0
    with pytest.raises(TypeError, match="missing 5 required"):
        Pole(1.0)
