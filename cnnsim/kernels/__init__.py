"""Whole tensors from sweeps. The only package that imports numba, and only when it is needed."""
