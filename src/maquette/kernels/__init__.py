"""The engine room: every Warp kernel of the package, one operator a file.

Only this folder imports `warp`. Each file holds the kernels of one operator and its `autograd.Function`;
`launch.py` spreads a launch over threads on a CPU and runs it on torch's current stream on CUDA.
"""
