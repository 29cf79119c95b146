"""Measures of how good a reconstruction is, and named protocols of evaluation.

A measure gives one number a sample; `averages` makes means of them, always over samples and over classes. A
protocol (`protocols`) owns its measures; its name is read without torch.
"""
