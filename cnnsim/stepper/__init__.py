"""An opened scenario: its tensors, any of its steps, its tour replayed and checked."""
