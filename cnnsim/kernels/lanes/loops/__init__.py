"""What Numba compiles. Nothing else of the lanes imports it, for kept code needs no compiler."""
