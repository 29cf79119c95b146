import pytest
import torch

from maquette.structures.materials import Materials


def test_defaults():
    materials = Materials()
    assert len(materials) == 1
    assert materials.shininess.tolist() == [64]
    for name in ("ambient_color", "diffuse_color", "specular_color"):
        assert getattr(materials, name).tolist() == [[1, 1, 1]]


def test_arguments_are_broadcast():
    materials = Materials(ambient_color=torch.rand(5, 3), shininess=3.0)
    assert len(materials) == 5
    assert materials.shininess.shape == (5,)
    assert materials.specular_color.shape == (5, 3)


def test_any_number_of_channels():
    color = torch.rand(1, 7)
    assert Materials(color, color, color).ambient_color.shape == (1, 7)


@pytest.mark.parametrize(
    "wrong",
    [
        {"diffuse_color": torch.rand(2, 4)},
        {"specular_color": torch.rand(2, 2)},
        {"shininess": torch.rand(2, 1)},
        {"ambient_color": torch.rand(2, 3), "shininess": torch.rand(3)},
    ],
)
def test_refuses_what_does_not_fit(wrong):
    with pytest.raises(ValueError, match=r"shape|sizes"):
        Materials(**wrong)


def test_clone_shares_no_memory():
    materials = Materials(shininess=torch.rand(3))
    copy = materials.clone()
    torch.testing.assert_close(copy.shininess, materials.shininess)
    assert copy.shininess.data_ptr() != materials.shininess.data_ptr()
