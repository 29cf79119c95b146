"""The run-time checker of annotations that the tests install."""

from typing import Any, Self

from beartype import BeartypeConf, BeartypeHintOverrides, beartype

check = beartype(conf=BeartypeConf(hint_overrides=BeartypeHintOverrides({Self: Any})))
"""beartype without `Self`, which it cannot follow from a decorated method to its class."""
