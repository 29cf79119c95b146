import pytest
from hypothesis import given
from hypothesis import strategies as st

from maquette.structures.rectangles import Rectangle, pack_rectangles, pack_unique_rectangles

sizes = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20)), min_size=2, max_size=20)


def cells(size, place):
    x_size, y_size = size[::-1] if place.flipped else size
    return {(place.x + x, place.y + y) for x in range(x_size) for y in range(y_size)}


@given(sizes)
def test_nothing_overlaps_or_sticks_out(sizes):
    packed = pack_rectangles(sizes)
    taken = [cell for size, place in zip(sizes, packed.locations, strict=True) for cell in cells(size, place)]
    assert len(taken) == len(set(taken)) == sum(x * y for x, y in sizes)
    assert {max(x for x, _ in taken) + 1, max(y for _, y in taken) + 1} == set(packed.total_size)
    assert packed.total_size[0] == max(max(size) for size in sizes)


@given(sizes)
def test_never_higher_than_a_stack(sizes):
    assert pack_rectangles(sizes).total_size[1] <= sum(min(size) for size in sizes)


@pytest.mark.parametrize(
    ("sizes", "total"),
    [
        ([(3, 4), (4, 3)], (4, 6)),
        ([(2, 2)] * 9, (2, 18)),
        ([(3, 3)] + [(1, 1)] * 3, (3, 4)),
        ([(3, 3)] + [(1, 1)] * 4, (3, 5)),
        ([(1, 100), (5, 96), (4, 5)], (100, 6)),  # the last one must stand
    ],
)
def test_known_layouts(sizes, total):
    assert pack_rectangles(sizes).total_size == total


def test_equal_identifiers_share_a_place():
    packed = pack_unique_rectangles([Rectangle(6, 8, 1), Rectangle(6, 8, 2), Rectangle(6, 8, 1)])
    first, other, again = packed.locations
    assert packed.total_size == (8, 12)
    assert first.is_first
    assert other.is_first
    assert not again.is_first
    assert again == first._replace(is_first=False)
    assert not cells((6, 8), first) & cells((6, 8), other)


def test_one_kind_stays_as_it_is():
    packed = pack_unique_rectangles([Rectangle(6, 8, 1)] * 3)
    assert packed.total_size == (6, 8)
    assert [place.is_first for place in packed.locations] == [True, False, False]
    assert not any(place.flipped for place in packed.locations)


def test_one_rectangle_is_refused():
    with pytest.raises(ValueError, match="less than two"):
        pack_rectangles([(1, 1)])
    with pytest.raises(ValueError, match="less than two"):
        pack_unique_rectangles([Rectangle(1, 1, 1)])
