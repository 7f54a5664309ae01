"""What the stepper's panels show, worked out from a step without any widget."""
