import torch

from maquette.renderer.mesh.covered import gather_covered, scatter_covered
from maquette.structures.fragments import Fragments


def random_fragments(views=3, height=4, width=5, faces=2) -> Fragments:
    shape = (views, height, width, faces)
    pix_to_face = torch.randint(-3, 7, shape).clamp(min=-1)
    pix_to_face[1] = -1  # a view that sees nothing
    zbuf = torch.rand(shape)
    return Fragments(pix_to_face, zbuf, torch.rand(*shape, 3, requires_grad=True), zbuf)


def test_every_covered_entry_is_in_its_views_row():
    fragments = random_fragments()
    rows = gather_covered(fragments).fragments
    for n in range(3):
        seen = fragments.pix_to_face[n] >= 0
        row = rows.pix_to_face[n, 0, :, 0]
        assert row[row >= 0].tolist() == fragments.pix_to_face[n][seen].tolist()
        torch.testing.assert_close(rows.bary_coords[n, 0, row >= 0, 0], fragments.bary_coords[n][seen])
    assert rows.pix_to_face.shape[2] == int((fragments.pix_to_face >= 0).flatten(1).sum(1).max())


def test_round_trip_and_gradient():
    fragments = random_fragments()
    covered = gather_covered(fragments)
    canvas = torch.full_like(fragments.bary_coords, 9.0)
    back = scatter_covered(covered, covered.fragments.bary_coords * 2, canvas)
    seen = fragments.pix_to_face >= 0
    torch.testing.assert_close(back[seen], 2 * fragments.bary_coords[seen])
    assert back[~seen].eq(9).all()
    back.sum().backward()
    wanted = torch.where(seen[..., None], 2.0, 0.0).expand_as(fragments.bary_coords)
    torch.testing.assert_close(fragments.bary_coords.grad, wanted)


def test_nearest_faces_alone():
    fragments = random_fragments()
    covered = gather_covered(fragments, faces_per_pixel=1)
    back = scatter_covered(covered, covered.fragments.pix_to_face[..., None], torch.full((3, 4, 5, 1, 1), -1))
    torch.testing.assert_close(back[..., 0], fragments.pix_to_face[..., :1])


def test_nothing_covered_and_no_view():
    for views in (0, 2):
        shape = (views, 4, 4, 1)
        empty = Fragments(torch.full(shape, -1), torch.ones(shape), torch.ones(*shape, 3), None)
        covered = gather_covered(empty)
        assert covered.fragments.pix_to_face.shape == (views, 1, 0, 1)
        canvas = torch.rand(*shape, 3)
        back = scatter_covered(covered, covered.fragments.bary_coords, canvas)
        torch.testing.assert_close(back, canvas)
