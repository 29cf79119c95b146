"""The memory of the whole system: looked at with pictures, changed by shapes, kept in files, shown in results."""

from dataclasses import replace

import pytest
import torch

from maquette.data.pack import pack_shapes
from maquette.data.views_config import ViewsConfig
from maquette.io import BadInput
from maquette.reconstruct import describe, find_objects
from maquette.systems.mem3d.about import Mem3DOptions
from maquette.systems.mem3d.system import Mem3DSystem
from maquette.systems.remembered import Remembered
from tiny_mem3d import SIZE, tiny_mem3d
from train_fixture import ellipsoids


def system(variant: str = "best", **changes) -> Mem3DSystem:
    network = tiny_mem3d(variant, **changes)
    if network.memory is not None:
        grids = torch.zeros(2, 32, 32, 32, dtype=torch.bool)
        grids[0, 3:20, 5:9], grids[1, :, 4:20] = True, True
        network.memory.write(torch.randn(2, network.memory.keys.shape[1]), grids, torch.tensor([1, 0]))
        network.memory.ids = ("<b>", "chair\x1b[2J")
    return Mem3DSystem(network, ViewsConfig(size=SIZE, framing="object"), threshold=0.3)


@pytest.fixture(scope="module")
def pack():
    return pack_shapes(ellipsoids()).select(keep=lambda entry: entry.id in ("shape-0", "shape-1", "shape-2"))


@pytest.fixture
def picture() -> torch.Tensor:
    image = torch.rand(4, 40, 50, generator=torch.Generator().manual_seed(3))
    image[3] = 0
    image[3, 8:30, 10:40] = 1
    return image


def test_shapes_that_were_put_into_the_memory_are_found_by_their_pictures(pack, tmp_path):
    one, told = system(key=0), []
    placed = one.remember(pack, 3, lambda done, id: told.append((done, id)))
    ids = [entry.id for entry in pack.entries]
    assert told == list(enumerate(ids, 1))
    assert [shape.id for shape in placed.added] == ids
    assert [shape.cells for shape in placed.added] == [
        int(pack.solid(torch.tensor([i])).sum()) for i in range(len(pack))
    ]
    assert len(one.remembered()) == one.slots() == 5
    one.save(tmp_path / "w.safetensors")
    again = Mem3DSystem.load(tmp_path / "w.safetensors")
    assert again.remembered() == one.remembered()
    for index in range(len(pack)):
        key = again._key(again_pictures(one, pack, index))
        similar = again.network.memory.similarities(key[None])[0]
        assert similar[placed.added[index].slot] > 0.999, "the same pictures give the same key"


def test_shapes_that_were_put_into_the_memory_are_found_by_their_coarse_shape(pack):
    one = system()
    slots = [shape.slot for shape in one.remember(pack).added]
    grids = pack.solid(torch.arange(len(pack)))
    coarse = grids.float().view(-1, 4, 8, 4, 8, 4, 8).mean((2, 4, 6)).flatten(1)
    similar = one.network.memory.similarities(coarse)[torch.arange(len(pack)), slots]
    torch.testing.assert_close(similar, torch.ones(len(pack)))


def again_pictures(one: Mem3DSystem, pack, index: int) -> torch.Tensor:
    from maquette.data.drawn_views import DrawnViews

    return DrawnViews(pack, one.views_config).held_batch([index], 3).images[0]


def test_packed_voxels_of_another_resolution_are_refused(pack):
    small = pack_shapes(ellipsoids(), side=16)
    with pytest.raises(ValueError, match="voxels of 16 cells an edge; the memory has 32"):
        system().remember(small)


def test_a_memory_is_shown_in_the_preview_and_in_the_report(picture):
    one, prepared = system(), find_objects(picture)
    (shown,) = one.reconstruct(prepared.views, Mem3DOptions(show_memory=True))
    recalled = [Remembered(**fact) for fact in describe(shown, prepared)["memory"]]
    assert recalled == one.recall(prepared.views).shapes
    assert {shape.id for shape in recalled} == {"<b>", "chair\x1b[2J"}
    before, after = replace(shown, aside=None).preview(64), shown.preview(64)
    assert after.shape[2] == before.shape[2]
    assert torch.equal(after[:, : before.shape[1]], before)
    assert (after[:, before.shape[1] :] < 0.9).any()
    assert "<b>" not in repr(shown), "which stands in pages"


def test_a_memory_is_shown_only_where_that_is_asked_for(picture):
    (plain,) = system().reconstruct(picture)
    assert plain.aside is None
    assert "memory" not in plain.facts


@pytest.mark.parametrize("variant", ["seed003", "none"])
def test_variants_without_a_memory_have_nothing_to_show(variant, picture, pack):
    one = system(variant)
    for ask in (
        lambda: one.reconstruct(picture, Mem3DOptions(show_memory=True)),
        lambda: one.recall(picture),
        one.remembered,
        lambda: one.remember(pack),
        lambda: one.forget([0]),
    ):
        with pytest.raises(BadInput, match=f"variant {variant} has no memory"):
            ask()
