"""Blocks that several systems share: small modules and the functions behind them. Knows no data and no training,
but for files of weights, which `backbones` start from.
"""
