"""Molding: a sphere shaped to match a mesh or silhouettes."""
