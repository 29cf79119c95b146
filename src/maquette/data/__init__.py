"""Data sets in, batches out: readers of public layouts, shape families, packed shapes, views drawn on the fly.

A training sample is a pure function of (seed, step, index).
"""
