"""Batches of point clouds."""

from .batch import Pointclouds as Pointclouds
from .join import join_pointclouds_as_batch as join_pointclouds_as_batch
from .join import join_pointclouds_as_scene as join_pointclouds_as_scene
