"""Many models of one network at once: a block of threads trains one model, in shared memory."""
