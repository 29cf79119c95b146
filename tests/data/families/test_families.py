"""Every family: closed parts, the object frame, determinism, variety."""

import dataclasses
import zlib

import numpy as np
import pytest
import torch

from maquette.data import families
from maquette.data.families.materials import Material
from maquette.data.families.part import Part
from maquette.data.families.supports import Support
from maquette.data.splits import split_of
from maquette.ops import voxelize
from maquette.structures import Shape

SEEDS = range(40)
MOST_FACES = 3000
STANDING = tuple(name for name in families.NAMES if name not in ("plane",))


def edges(part: Part) -> np.ndarray:
    faces = part.solid.faces
    return np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])


def volume(part: Part) -> float:
    a, b, c = (part.solid.verts[part.solid.faces[:, i]] for i in range(3))
    return float((np.cross(b - a, c - a) * a).sum() / 6)


def groups(parts: list[Part]) -> int:
    """Pieces that are left when parts whose bounding boxes touch are one piece."""
    low = np.stack([part.solid.verts.min(0) for part in parts])
    high = np.stack([part.solid.verts.max(0) for part in parts])
    slack = 1e-3 * float(np.linalg.norm(high.max(0) - low.min(0)))
    touch = ((low[:, None] <= high[None] + slack) & (high[:, None] >= low[None] - slack)).all(2)
    reach = np.linalg.matrix_power(touch.astype(float), 2) > 0
    for _ in range(5):
        reach = (reach.astype(float) @ reach.astype(float)) > 0
    return len(np.unique(reach, axis=0))


@pytest.mark.parametrize("name", families.NAMES)
def test_parts_are_closed_and_look_outwards(name: str) -> None:
    for seed in SEEDS:
        for part in families.make_parts(name, seed):
            key = np.sort(edges(part) @ (len(part.solid.verts), 1))
            back = np.sort(edges(part)[:, ::-1] @ (len(part.solid.verts), 1))
            assert len(np.unique(key)) == len(key), (seed, part.name)
            np.testing.assert_array_equal(key, back, err_msg=f"{seed} {part.name}")
            assert np.isfinite(part.solid.verts).all()
            assert volume(part) > 0, (seed, part.name)
            assert len(np.unique(part.solid.faces)) == len(part.solid.verts), (seed, part.name)
            assert all(0 <= channel <= 1 for channel in part.material.colour)


@pytest.mark.parametrize("name", families.NAMES)
def test_shapes_stand_in_the_object_frame(name: str) -> None:
    for seed in SEEDS:
        shape = families.make(name, seed)
        assert shape.mesh is not None
        verts = shape.mesh.verts_packed()
        low, high = verts.amin(0), verts.amax(0)
        torch.testing.assert_close(low, -high, atol=1e-6, rtol=0)
        assert float((high - low).norm()) == pytest.approx(1, abs=1e-5)
        assert 20 <= len(shape.mesh.faces_packed()) <= MOST_FACES
        metres = np.concatenate([part.solid.verts for part in families.make_parts(name, seed)])
        np.testing.assert_allclose(shape.to_file(verts).numpy(), metres, atol=1e-4 * np.abs(metres).max())
        if name in STANDING and metres[:, 1].min() != pytest.approx(0, abs=0.03):
            assert name == "lamp"
            assert metres[:, 1].min() >= -0.03


@pytest.mark.parametrize("name", families.NAMES)
def test_nothing_floats(name: str) -> None:
    apart = [seed for seed in range(100) if groups(families.make_parts(name, seed)) > 1]
    assert len(apart) <= 1, apart


@pytest.mark.parametrize("name", families.NAMES)
def test_the_same_seed_gives_the_same_shape(name: str) -> None:
    one, again, other = families.make(name, 7), families.make(name, 7), families.make(name, 8)
    assert one.mesh is not None
    assert again.mesh is not None
    assert other.mesh is not None
    assert torch.equal(one.mesh.verts_packed(), again.mesh.verts_packed())
    assert torch.equal(one.mesh.faces_packed(), again.mesh.faces_packed())
    colours, same = (mesh.textures.verts_features_packed() for mesh in (one.mesh, again.mesh))
    assert torch.equal(colours, same)
    assert one.mesh.verts_packed().shape != other.mesh.verts_packed().shape or not torch.equal(
        one.mesh.verts_packed(), other.mesh.verts_packed()
    )


def solid(shape: Shape) -> torch.Tensor:
    assert shape.mesh is not None
    low, high = shape.mesh.get_bounding_boxes()[0].unbind(dim=1)
    return voxelize(shape.mesh, 32, side=float((high - low).max())).occupancy[0]


@pytest.mark.parametrize("name", families.NAMES)
def test_voxels_are_solid_and_differ(name: str) -> None:
    grids = [solid(families.make(name, seed)) for seed in range(12)]
    shares = [float(grid.float().mean()) for grid in grids]
    assert min(shares) > 0.002
    assert max(shares) < 0.95
    overlaps = [float((a & b).sum() / (a | b).sum()) for i, a in enumerate(grids) for b in grids[:i]]
    assert max(overlaps) < 0.995
    assert np.mean(overlaps) < 0.75


@pytest.mark.parametrize("name", families.NAMES)
def test_every_parameter_varies_and_is_documented(name: str) -> None:
    module = families.family(name)
    draws = [module.draw(np.random.Generator(np.random.PCG64(seed))) for seed in range(300)]
    for field in dataclasses.fields(draws[0]):
        assert field.name in type(draws[0]).__doc__
        assert len({repr(getattr(params, field.name)) for params in draws}) > 1, field.name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(draws[0], dataclasses.fields(draws[0])[0].name, 0)


def check_declared(drawn: list) -> None:
    """Every number lies in its range, which is used up, and every word of a list occurs, and no other."""
    for field in dataclasses.fields(drawn[0]):
        declared, values = field.metadata, [getattr(params, field.name) for params in drawn]
        if field.type in (tuple[str, ...], tuple[float, ...]):
            values = [one for value in values for one in value]
        if "words" in declared:
            assert set(values) == set(declared["words"]), field.name
        elif "low" in declared:
            low, high = declared["low"], declared["high"]
            numbers = [value for value in values if value != declared["none"]]
            assert low <= min(numbers) <= low + 0.1 * (high - low), field.name
            assert high - 0.1 * (high - low) <= max(numbers) <= high, field.name
        else:
            assert field.type in (bool, Material, Support, tuple[Material, ...]) or field.name == "seed"


@pytest.mark.parametrize("name", families.NAMES)
def test_every_parameter_is_drawn_as_it_is_declared(name: str) -> None:
    rng = np.random.Generator(np.random.PCG64(0))
    check_declared([families.family(name).draw(rng) for _ in range(800)])


def test_supports_are_drawn_as_they_are_declared() -> None:
    rng = np.random.Generator(np.random.PCG64(0))
    carried = [families.family(name) for name in ("chair", "table", "cabinet", "sofa", "bench", "stool")]
    check_declared([module.draw(rng).support for module in carried for _ in range(150)])


def centre(name: str, seed: int, word: str) -> np.ndarray | None:
    parts = [part.solid.verts for part in families.make_parts(name, seed) if part.name == word]
    return None if not parts else np.concatenate(parts).mean(0)


@pytest.mark.parametrize(
    ("name", "behind", "before"),
    [
        ("chair", "back", "seat"),
        ("sofa", "back", "seat"),
        ("bench", "back", "seat"),
        ("cabinet", "body", "front"),
        ("bed", "pillow", "blanket"),
        ("car", "tail light", "headlight"),
        ("plane", "fin", "cockpit"),
    ],
)
def test_the_front_is_at_positive_z(name: str, behind: str, before: str) -> None:
    pairs = [(centre(name, seed, behind), centre(name, seed, before)) for seed in SEEDS]
    found = [(a, b) for a, b in pairs if a is not None and b is not None]
    assert len(found) >= 3
    for back, front in found:
        assert back[2] < front[2]


def test_shapes_go_round_the_families() -> None:
    made = list(families.shapes(30, seed=5))
    assert len({shape.id for shape in made}) == 30
    assert [shape.category for shape in made[:13]] == list(families.NAMES)
    assert made[0].id == f"{families.NAMES[0]}-000005"
    assert made[13].id == f"{families.NAMES[0]}-000006"
    assert {shape.id for shape in families.shapes(3, names=("mug",))} == {f"mug-{i:06d}" for i in range(3)}
    assert all(shape.split == split_of(shape.id) for shape in made)


def test_the_split_follows_the_shares() -> None:
    splits = [split_of(f"chair-{seed:06d}") for seed in range(2000)]
    assert splits.count("train") / 2000 == pytest.approx(0.8, abs=0.03)
    assert splits.count("val") / 2000 == pytest.approx(0.1, abs=0.03)


def test_parts_are_the_connected_components_of_the_mesh() -> None:
    parts = families.make_parts("chair", 3)
    mesh = families.make("chair", 3).mesh
    assert mesh is not None
    colours = mesh.textures.verts_features_packed()[mesh.faces_packed()]
    start = first = 0
    for part in parts:
        faces = mesh.faces_packed()[start : start + len(part.solid.faces)]
        assert int(faces.min()) == first
        first = int(faces.max()) + 1
        own = colours[start : start + len(part.solid.faces)]
        torch.testing.assert_close(own, torch.tensor(part.material.colour).expand_as(own))
        start += len(part.solid.faces)
    assert start == len(mesh.faces_packed())


def test_families_do_not_share_chance() -> None:
    assert len({zlib.crc32(name.encode()) for name in families.NAMES}) == len(families.NAMES)


@pytest.mark.parametrize(
    ("name", "seed", "reason"),
    [("dragon", 0, "unknown family 'dragon'; known are chair"), ("chair", -1, "0 or more")],
)
def test_wrong_words_are_refused(name: str, seed: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        families.make(name, seed)
