"""The run-time checker of annotations that the tests install."""

from typing import Any, Self

from beartype import BeartypeConf, BeartypeHintOverrides, beartype

check = beartype(
    conf=BeartypeConf(
        hint_overrides=BeartypeHintOverrides({Self: Any}),
        is_pep484_tower=True,
    )
)
"""beartype that takes an int for a float, as type checkers do, and passes over `Self`."""
