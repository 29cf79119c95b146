"""Its settings."""

from ..base import NetworkConfig, ShapesConfig

RECIPES = {"best": lambda variant="plain": ShapesConfig(NetworkConfig(variant))}
