import pytest

from maquette.data.scenes_config import PIX3D_CLASSES, ScenesConfig


def test_sizes_are_those_of_the_published_resizing() -> None:
    config = ScenesConfig()
    assert config.scaled((480, 640), 800) == (800, 1067)
    assert config.scaled((300, 1000), 800) == (400, 1333)  # the longer side ends it
    assert config.scaled((1000, 500), 640) == (1280, 640)
    assert len(PIX3D_CLASSES) == 9


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"classes": ()}, "classes"),
        ({"classes": ("bed", "bed")}, "classes"),
        ({"shorter": ()}, "shorter"),
        ({"held": 4}, "held"),
        ({"longest": 9999}, "longest"),
        ({"flip": 1.5}, "flip"),
        ({"jitter": -0.1}, "jitter"),
    ],
)
def test_refused(settings: dict, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ScenesConfig(**settings)
