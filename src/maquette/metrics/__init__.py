"""Measures of how good a reconstruction is, and named protocols of evaluation.

A measure gives one number a sample; `averages` makes means of them, always over samples and over classes. What a
protocol fixes is data (`protocols.PROTOCOLS`), not code, and is read without torch.
"""
