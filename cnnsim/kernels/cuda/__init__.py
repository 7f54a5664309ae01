"""Training on an NVIDIA GPU: kernels for numba.cuda, and what launches them."""
