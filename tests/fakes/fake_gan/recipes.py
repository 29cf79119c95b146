"""Its settings."""

from ..base import NetworkConfig, SinglesConfig

RECIPES = {"best": lambda variant="plain": SinglesConfig(NetworkConfig(variant))}
