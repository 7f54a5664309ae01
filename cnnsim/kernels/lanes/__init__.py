"""The fast training engine of the CPU. Start reading at engine.py, then step.py."""
