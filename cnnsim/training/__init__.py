"""Training: pictures, batches, rates, the loop, checkpoints, run folders."""
