"""Measures of how good a reconstruction is, and named protocols of evaluation."""
