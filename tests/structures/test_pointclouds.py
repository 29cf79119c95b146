"""`Pointclouds`: forms agree, edits leave no stale form, normals lie across surfaces."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.ops import estimate_pointcloud_normals
from maquette.structures import Pointclouds, join_pointclouds_as_batch, join_pointclouds_as_scene

FIELDS = ("points", "normals", "features")


def random_clouds(sizes, padded=False, normals=True, channels=4):
    fields = {"points": 3, "normals": 3 if normals else 0, "features": channels}
    values = {name: [torch.rand(n, c) for n in sizes] for name, c in fields.items() if c}
    return Pointclouds(**{name: torch.stack(items) if padded else items for name, items in values.items()})


def warm(clouds):
    for form in ("list", "packed", "padded"):
        for field in FIELDS:
            getattr(clouds, f"{field}_{form}")()
    return clouds


def assert_same(clouds, points, normals, features):
    for field, items in zip(FIELDS, (points, normals, features), strict=True):
        listed = getattr(clouds, f"{field}_list")()
        for mine, expected in zip(listed, items, strict=True):
            torch.testing.assert_close(mine, expected)
        torch.testing.assert_close(getattr(clouds, f"{field}_packed")(), torch.cat(items))
        padded = getattr(clouds, f"{field}_padded")()
        for row, item in zip(padded, items, strict=True):
            torch.testing.assert_close(row[: len(item)], item)
            assert row[len(item) :].eq(0).all()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any))
def test_forms_agree(sizes):
    clouds = random_clouds(sizes)
    assert_same(clouds, clouds.points_list(), clouds.normals_list(), clouds.features_list())
    assert clouds.packed_to_cloud_idx().tolist() == [i for i, n in enumerate(sizes) for _ in range(n)]
    assert clouds.cloud_to_packed_first_idx().tolist() == [sum(sizes[:i]) for i in range(len(sizes))]
    flat = clouds.points_padded().reshape(-1, 3)
    assert torch.equal(flat[clouds.padded_to_packed_idx()], clouds.points_packed())
    assert clouds.num_points_per_cloud().tolist() == sizes
    assert clouds.valid.tolist() == [n > 0 for n in sizes]


@pytest.mark.parametrize("sizes", [[3, 5, 2], [4, 4], [6]])
@pytest.mark.parametrize("is_warm", [False, True])
def test_edits_leave_no_stale_form(sizes, is_warm):
    clouds = random_clouds(sizes)
    clouds = warm(clouds) if is_warm else clouds
    lists = [clouds.clone().points_list(), clouds.normals_list(), clouds.features_list()]
    offsets = torch.rand(sum(sizes), 3)
    moved = [p + o for p, o in zip(lists[0], offsets.split(sizes), strict=True)]
    assert_same(clouds.offset(offsets), moved, *lists[1:])
    factors = torch.arange(1.0, len(sizes) + 1)
    assert_same(clouds.scale(factors), list(map(torch.mul, lists[0], factors)), *lists[1:])
    assert_same(clouds, *lists)
    for other in (clouds.clone(), clouds.detach(), clouds.to("cpu", copy=True)):
        assert_same(other, *lists)
    assert_same(clouds.extend(2), *[[item for item in items for _ in range(2)] for items in lists])
    new = torch.rand_like(clouds.points_padded()) * clouds.points_padded().ne(0)
    rows = [row[:n] for row, n in zip(new, sizes, strict=True)]
    assert_same(clouds.update_padded(new), rows, *lists[1:])
    assert_same(clouds.update_padded(new, new_normals_padded=new), rows, rows, lists[2])
    assert clouds.offset_(torch.ones(3)).scale_(2.0) is clouds
    assert_same(clouds, [2 * (p + 1) for p in lists[0]], *lists[1:])


@pytest.mark.parametrize(
    "index", [-1, [2], slice(2, None), torch.tensor([2]), torch.tensor([False, False, True])]
)
def test_select(index):
    clouds = random_clouds([3, 5, 2])
    chosen = clouds[index]
    assert_same(chosen, clouds.points_list()[2:], clouds.normals_list()[2:], clouds.features_list()[2:])
    assert [len(part) for part in clouds.split([2, 1])] == [2, 1]
    clouds.get_cloud(1)[2].zero_()
    assert clouds.features_list()[1].any()


def test_given_points_are_never_written_and_views_are_shared():
    points = torch.rand(2, 4, 3)
    before = points.clone()
    clouds = Pointclouds(points)
    assert clouds.points_packed().data_ptr() == points.data_ptr()
    clouds.offset_(torch.ones(3))
    assert torch.equal(points, before)


def test_empty_batches():
    for clouds in (Pointclouds([]), Pointclouds([torch.zeros(0, 3)] * 2), Pointclouds(torch.zeros(0, 4, 3))):
        assert clouds.isempty()
        assert clouds.points_packed().shape == (0, 3)
        assert clouds.points_padded().shape[0] == len(clouds)
        assert clouds.normals_packed() is None
        assert clouds.features_padded() is None
        assert clouds.offset(torch.ones(3)).scale(2.0).extend(2).isempty()


def test_empty_cloud_takes_any_features():
    clouds = Pointclouds([torch.rand(2, 3), torch.zeros(0, 3)], features=[torch.rand(2, 5), torch.tensor([])])
    assert clouds.features_list()[1].shape == (0, 5)
    assert clouds.features_padded().shape == (2, 2, 5)


def test_subsample_keeps_rows_together():
    sizes = [4, 9, 2]
    points = [torch.rand(n, 3) for n in sizes]
    clouds = Pointclouds(points, features=[p * 2 for p in points])
    assert clouds.subsample(9) is clouds
    few = clouds.subsample([4, 3, 5])
    assert few.num_points_per_cloud().tolist() == [4, 3, 2]
    assert torch.equal(few.features_packed(), 2 * few.points_packed())
    assert few.normals_list() is None
    rows = (few.points_list()[1][:, None] == points[1]).all(-1)
    assert rows.sum() == 3
    with pytest.raises(ValueError, match="wrong number"):
        clouds.subsample([1])


def test_inside_box():
    clouds = Pointclouds([torch.tensor([[0.0, 0, 0], [2, 0, 0]]), torch.tensor([[1.0, 1, 1]])])
    box = torch.tensor([[0.0, 0, 0], [1, 1, 1]])
    assert clouds.inside_box(box).tolist() == [True, False, True]
    each = torch.stack([box * 2, box / 2])
    assert clouds.inside_box(each).tolist() == [True, True, False]
    for wrong, message in (
        (box[[1, 0]], "invalid"),
        (each[:, :1], "must be of shape"),
        (torch.zeros(3, 2, 3), "incompatible"),
    ):
        with pytest.raises(ValueError, match=message):
            clouds.inside_box(wrong)


def test_bounding_boxes():
    clouds = Pointclouds([torch.tensor([[0.0, 5, -1], [2, 3, 4]])])
    assert clouds.get_bounding_boxes().tolist() == [[[0, 2], [3, 5], [-1, 4]]]


def test_normals_of_planes_and_a_sphere():
    flat = torch.rand(80, 3)
    flat[:, 2] = 0.5
    directions = torch.nn.functional.normalize(torch.randn(300, 3), dim=1)
    clouds = Pointclouds([flat, directions])
    normals = clouds.estimate_normals(neighborhood_size=12)
    assert normals.shape == (2, 300, 3)
    assert normals[0, :80, 2].abs().min() > 0.999
    assert normals[0, 80:].eq(0).all()
    along = (normals[1] * directions).sum(1)
    assert along.abs().mean() > 0.97
    assert (along < 0).float().mean() > 0.95
    assert clouds.normals_list() is None
    clouds.estimate_normals(neighborhood_size=12, assign_to_self=True)
    assert torch.equal(clouds.normals_padded(), normals)
    with pytest.raises(ValueError, match="neighborhood_size"):
        clouds.estimate_normals(neighborhood_size=80)


def test_normals_equal_those_of_the_operator():
    clouds = random_clouds([30, 45])
    expected = estimate_pointcloud_normals(clouds, neighborhood_size=10)
    found = clouds.estimate_normals(neighborhood_size=10)
    for mine, theirs, count in zip(found, expected, (30, 45), strict=True):
        torch.testing.assert_close(mine[:count], theirs[:count], atol=1e-3, rtol=0)


def test_normal_gradient_against_differences_and_where_it_is_not_defined():
    points = torch.rand(12, 3, dtype=torch.float64) * torch.tensor([1.0, 1.0, 0.2])
    weights = torch.rand(12, 3, dtype=torch.float64)

    def total(x):
        return (Pointclouds([x]).estimate_normals(neighborhood_size=6)[0] * weights).sum()

    assert torch.autograd.gradcheck(total, points.requires_grad_())
    same = torch.ones(8, 3, requires_grad=True)
    Pointclouds([same]).estimate_normals(neighborhood_size=4).sum().backward()
    assert same.grad.isfinite().all()


def test_join():
    one, two = random_clouds([3, 5]), random_clouds([2])
    joined = join_pointclouds_as_batch([one, two])
    assert joined.num_points_per_cloud().tolist() == [3, 5, 2]
    assert torch.equal(joined.features_packed(), torch.cat([one.features_packed(), two.features_packed()]))
    scene = join_pointclouds_as_scene([one, two])
    assert len(scene) == 1
    assert torch.equal(scene.normals_padded()[0], joined.normals_packed())
    assert join_pointclouds_as_scene(two) is two
    for wrong, message in (
        ([one, random_clouds([2], normals=False)], "some set to None"),
        ([one, random_clouds([2], channels=2)], "same number of features"),
        ([one, Pointclouds([torch.rand(2, 3, device="meta")])], "same device"),
    ):
        with pytest.raises(ValueError, match=message):
            join_pointclouds_as_batch(wrong)


@pytest.mark.parametrize(
    ("points", "features", "message"),
    [
        (torch.rand(2, 3), None, "incorrect dimensions"),
        ([torch.rand(2, 4)], None, "Px3 or empty"),
        ([torch.rand(2, 3), torch.rand(2, 3, device="meta")], None, "same device"),
        ([torch.rand(2, 3)], [torch.rand(2, 3)] * 2, "same length"),
        ([torch.rand(2, 3)], [torch.rand(3, 3)], "mismatched numbers"),
        ([torch.rand(2, 3)], [torch.rand(2, 3, 1)], "PxC or empty"),
        ([torch.rand(2, 3)] * 2, [torch.rand(2, 3), torch.rand(2, 4)], "number of channels"),
        (torch.rand(2, 4, 3), torch.rand(2, 4), "incorrect dimensions"),
        (torch.rand(2, 4, 3), torch.rand(1, 4, 3), "same length"),
        (torch.rand(2, 4, 3), torch.rand(2, 5, 3), "maximum number of points"),
    ],
)
def test_constructor_errors(points, features, message):
    with pytest.raises(ValueError, match=message):
        Pointclouds(points, features=features)


def test_normals_have_three_channels():
    with pytest.raises(ValueError, match="3-dimensional"):
        Pointclouds(torch.rand(1, 2, 3), normals=torch.rand(1, 2, 2))
