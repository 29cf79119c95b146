"""`maquette.io` gives each of its names when asked for it, and only those."""

from types import ModuleType

import pytest

from maquette import io


def test_every_name_is_there():
    assert set(io.__all__) <= set(dir(io))
    for name in io.__all__:
        value = getattr(io, name)
        assert not isinstance(value, ModuleType)
        assert value.__name__ == name


def test_other_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'load_everything'"):
        io.load_everything
