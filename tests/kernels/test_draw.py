"""Drawing, compared with its twin in plain torch."""

from dataclasses import fields, replace

import pytest
import torch

from foreign_device import foreign_device
from maquette.kernels.draw import Covers, PictureSpecs, Scene, _draw_by_face, draw, projected_boxes
from maquette.utils import ico_sphere
from tests.kernels.draw_twin import bell, draw_one

SIZE = 24


def _starts(*counts: int) -> torch.Tensor:
    return torch.tensor([0, *counts]).cumsum(0).int()


def _scene() -> Scene:
    """A ball, a soup of faces, and one face; colours and parts at random."""
    ball = ico_sphere(1)
    soup = torch.randn(60, 3) * 0.18, torch.arange(60).view(-1, 3)
    one = torch.tensor([[-0.4, -0.1, 0.0], [0.4, -0.1, 0.1], [0.0, 0.3, 0.0]]), torch.tensor([[0, 2, 1]])
    verts = [ball.verts_packed() * 0.4, soup[0], one[0]]
    faces = [ball.faces_packed(), soup[1], one[1]]
    count = sum(map(len, faces))
    return Scene(
        verts=torch.cat(verts),
        faces=torch.cat(faces).int(),
        parts=torch.randint(0, 5, (count,)).int(),
        colours=torch.randint(0, 3, (count,)).to(torch.uint8),
        palette=torch.randint(0, 256, (9, 3)).to(torch.uint8),
        vert_starts=_starts(*map(len, verts)),
        face_starts=_starts(*map(len, faces)),
        palette_starts=_starts(3, 3, 3),
        photos=torch.randint(0, 256, (2, 16, 16, 3)).to(torch.uint8),
    )


def _specs(count: int) -> PictureSpecs:
    back = torch.nn.functional.normalize(torch.randn(count, 3), dim=1)
    right = torch.nn.functional.normalize(torch.linalg.cross(torch.tensor([[0.0, 1, 0]]), back), dim=1)
    lights = torch.cat(
        [torch.nn.functional.normalize(torch.randn(count, 2, 3), dim=2), torch.rand(count, 2, 1)], 2
    )
    number = torch.arange(count)
    pattern = torch.rand(count, 4) * torch.tensor([4.0, 4.0, 8.0, 1.9])
    return PictureSpecs(
        shape=(number % 3).int(),
        stretch=0.7 + 0.6 * torch.rand(count, 3),
        camera=torch.stack([right, torch.linalg.cross(back, right), back], dim=1),
        distance=1.2 + torch.rand(count),
        window=torch.tensor([20.0, 20.0, SIZE / 2, SIZE / 2]) + 3 * torch.rand(count, 4),
        key=torch.randint(0, 2**31 - 1, (count,)).int(),
        grain=torch.randint(0, 2**31 - 1, (count,)).int(),
        groups=torch.tensor([0, 2, 1 << 20])[number % 3].int(),
        texture=(number % 2).float(),
        ambient=torch.rand(count) * 0.5,
        lights=lights,
        kind=(number % 4).int(),
        behind=torch.rand(count, 2, 3),
        pattern=pattern,
        matrix=torch.eye(3) + 0.1 * torch.randn(count, 3, 3),
        offset=0.1 * torch.randn(count, 3),
        noise=0.05 * (number % 2).float(),
    )


def test_the_twin_draws_the_same() -> None:
    scene, specs = _scene(), _specs(24)
    images, alpha, depth = draw(scene, specs, SIZE)
    for i in range(24):
        image, covered, seen = draw_one(scene, specs, i, SIZE)
        assert (depth[i] - seen).abs().gt(1e-3).float().mean() < 0.01
        # Samples on an edge, or on a texture's edge, may fall to either side in float32.
        assert (alpha[i] - covered).abs().gt(0.01).float().mean() < 0.01
        assert (images[i] - image).abs().amax(0).gt(2e-3).float().mean() < 0.03
        cosine = torch.nn.functional.cosine_similarity(images[i].double().flatten(), image.flatten(), dim=0)
        assert cosine > 0.999
    assert alpha.amax() == 1
    assert (alpha > 0).flatten(1).any(1).all()


def test_each_ingredient_changes_the_picture() -> None:
    scene, specs = _scene(), _specs(24)
    images, _, _ = draw(scene, specs, SIZE)
    for name in ("key", "grain", "lights", "behind", "matrix", "offset", "noise", "texture", "groups"):
        changed = replace(specs, **{name: getattr(specs, name) * 0})
        others, _, _ = draw(scene, changed, SIZE)
        assert not torch.equal(images, others), name


@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_bits_for_any_number_of_threads(threads: int) -> None:
    scene, specs = _scene(), _specs(7)
    expected = draw(scene, specs, SIZE)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found = draw(scene, specs, SIZE)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(expected[0], found[0])
    assert torch.equal(expected[1], found[1])


def test_the_way_of_cuda_gives_the_same_pictures() -> None:
    scene, specs = _scene(), _specs(7)
    expected, expected_alpha, expected_depth = draw(scene, specs, SIZE)
    images, alpha = torch.empty_like(expected), torch.empty_like(expected_alpha)
    depth = torch.zeros_like(expected_depth)
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # items share samples, which only CUDA's atomics allow to more than one thread
    try:
        _draw_by_face(scene, specs, SIZE, images, alpha, depth)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(alpha, expected_alpha)
    assert torch.equal(depth, expected_depth)
    torch.testing.assert_close(images, expected, rtol=0, atol=1e-5)


def test_more_pictures_than_kernels_can_count_are_drawn_in_turns(monkeypatch) -> None:
    scene, specs = _scene(), _specs(7)
    whole = draw(scene, specs, SIZE)
    monkeypatch.setattr("maquette.kernels.draw._MOST_PLACES", 3 * (2 * SIZE) ** 2)
    for before, after in zip(whole, draw(scene, specs, SIZE), strict=True):
        assert torch.equal(before, after)


def test_pictures_do_not_depend_on_their_neighbours() -> None:
    scene, specs = _scene(), _specs(9)
    images, alpha, _ = draw(scene, specs, SIZE)
    some, some_alpha, _ = draw(scene, specs[4:7], SIZE)
    assert torch.equal(images[4:7], some)
    assert torch.equal(alpha[4:7], some_alpha)
    none, _, _ = draw(scene, specs[:0], SIZE)
    assert none.shape == (0, 3, SIZE, SIZE)


def test_faces_behind_or_beside_the_camera_are_left_out() -> None:
    scene, specs = _scene(), _specs(3)
    inside, alpha, _ = draw(scene, replace(specs, distance=torch.zeros(3)), SIZE)
    assert inside.isfinite().all()
    assert alpha.isfinite().all()
    _, alpha, _ = draw(scene, replace(specs, window=specs.window + torch.tensor([0, 0, 1e6, 0])), SIZE)
    assert not alpha.any()
    broken = replace(scene, verts=torch.full_like(scene.verts, torch.nan))
    images, alpha, _ = draw(broken, specs, SIZE)
    assert images.isfinite().all()
    assert not alpha.any()


def test_a_closed_surface_has_no_cracks() -> None:
    ball = ico_sphere(4)
    faces = ball.faces_packed().int()
    scene = replace(
        _scene(),
        verts=ball.verts_packed() * 0.5,
        faces=faces,
        parts=torch.zeros(len(faces)).int(),
        colours=torch.zeros(len(faces)).to(torch.uint8),
        vert_starts=_starts(len(ball.verts_packed())),
        face_starts=_starts(len(faces)),
        palette_starts=_starts(3),
    )
    window = torch.tensor([[60.0, 60.0, 32.0, 32.0]] * 4)
    specs = replace(_specs(4), shape=torch.zeros(4).int(), stretch=torch.ones(4, 3), window=window)
    _, alpha, _ = draw(scene, specs, 64)
    for picture, distance in zip(alpha, specs.distance, strict=True):
        radius = 60 * 0.5 / (distance**2 - 0.25).sqrt()
        y, x = torch.meshgrid(torch.arange(64) - 31.5, torch.arange(64) - 31.5, indexing="ij")
        away = (x**2 + y**2).sqrt()
        assert (picture[away < radius - 1.5] == 1).all()
        assert (picture[away > radius + 1] == 0).all()


def test_boxes_are_those_of_the_projected_vertices() -> None:
    scene, specs = _scene(), _specs(6)
    boxes = projected_boxes(scene, specs)
    for i, box in enumerate(boxes):
        shape = int(specs.shape[i])
        verts = scene.verts[scene.vert_starts[shape] : scene.vert_starts[shape + 1]] * specs.stretch[i]
        verts = verts @ specs.camera[i].T
        depth = specs.distance[i] - verts[:, 2]
        columns = specs.window[i, 2] + specs.window[i, 0] * verts[:, 0] / depth
        rows = specs.window[i, 3] - specs.window[i, 1] * verts[:, 1] / depth
        places = torch.stack([columns, rows], dim=1)
        torch.testing.assert_close(box, torch.stack([places.amin(0), places.amax(0)]), rtol=1e-4, atol=1e-3)


def test_the_noise_is_nearly_normal() -> None:
    values = bell(torch.arange(200_000))
    assert abs(values.mean()) < 0.01
    assert abs(values.std() - 1) < 0.01
    assert 0.66 < (values.abs() < 1).double().mean() < 0.70


def test_takes_and_scenes_move_whole() -> None:
    specs = _specs(2).to(torch.device("cpu"))
    assert len(specs) == 2
    assert {field.name for field in fields(specs)} == set(PictureSpecs.__dataclass_fields__)
    assert _scene().to(torch.device("cpu")).photos.shape == (2, 16, 16, 3)


def test_devices_that_warp_lacks():
    scene, specs = _scene(), _specs(3)
    expected = [*draw(scene, specs, SIZE), projected_boxes(scene, specs)]
    with foreign_device() as device:
        found = [
            *draw(scene.to(device), specs.to(device), SIZE),
            projected_boxes(scene.to(device), specs.to(device)),
        ]
        assert all(value.device == device for value in found)
        found = [value.cpu() for value in found]
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.equal(ours, theirs)


def _covers(count: int) -> Covers:
    """Half a picture of one colour at the right of some, taken away from others, and lines across."""
    pictures = torch.zeros(2, 4, 4, 4)
    pictures[0, :, 2:] = torch.tensor([0.2, 0.1, 0.4, 0.5])
    pictures[1, :, 2:] = 1
    across = torch.tensor([[2 / SIZE, 0, -1], [0, 2 / SIZE, -1]])
    number = torch.arange(count)
    edge = torch.tensor([[0.0, 0.0, SIZE], [0.0, 1.0, -SIZE / 2]])[number % 2]
    return Covers(
        pictures,
        (number % 3 - 1).int(),
        across.repeat(count, 1, 1),
        (number % 3 == 2).int(),
        edge.contiguous(),
    )


def test_covers_hide_objects() -> None:
    scene, specs, covers = _scene(), _specs(12), _covers(12)
    specs = replace(
        specs,
        matrix=torch.eye(3).repeat(12, 1, 1),
        offset=torch.zeros(12, 3),
        noise=torch.zeros(12),
        kind=torch.zeros(12).int(),
    )
    plain, whole, _ = draw(scene, specs, SIZE)
    images, alpha, depth = draw(scene, specs, SIZE, covers)
    below = (torch.arange(SIZE) >= SIZE // 2).float()[:, None].expand(SIZE, SIZE)
    clear, solid = torch.zeros(2, SIZE, SIZE)  # where the covers' pictures have one colour
    clear[:, : SIZE // 2 - 3] = 1
    solid[3:-3, SIZE // 2 + 3 : -3] = 1
    colour = torch.tensor([0.2, 0.1, 0.4])[:, None, None]
    for i in range(12):
        behind, kind = specs.behind[i, 0, :, None, None], i % 3
        own = plain[i] - behind * (1 - whole[i])
        for where in (clear, solid):
            kept = below if kind and i % 2 else torch.ones(SIZE, SIZE)
            if kind == 2:
                kept = kept * (1 - solid)
            through = 1 - 0.5 * solid * (where is solid and kind == 1)
            seen = own * kept + behind * (1 - whole[i] * kept)
            expected = seen * through + colour * (solid if kind == 1 else 0)
            torch.testing.assert_close(images[i] * where, expected * where, atol=1e-5, rtol=0)
            torch.testing.assert_close(alpha[i] * where, whole[i] * kept * through * where, atol=1e-6, rtol=0)
    assert ((depth > 0) == (alpha > 0)).all()


def test_covers_on_every_way_to_draw() -> None:
    scene, specs, covers = _scene(), _specs(7), _covers(7)
    expected = draw(scene, specs, SIZE, covers)
    found = [torch.zeros_like(value) for value in expected]
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        _draw_by_face(scene, specs, SIZE, *found, covers=covers)
    finally:
        torch.set_num_threads(before)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)
    some = draw(scene, specs[2:5], SIZE, covers[2:5])
    assert torch.equal(some[0], expected[0][2:5])
    nothing = replace(covers, which=torch.full_like(covers.which, -1))
    for ours, theirs in zip(draw(scene, specs, SIZE, nothing), draw(scene, specs, SIZE), strict=True):
        assert torch.equal(ours, theirs)
