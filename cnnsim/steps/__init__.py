"""The stepping core: sweeps of cells, each the fold of its taps, and a number for every step."""
