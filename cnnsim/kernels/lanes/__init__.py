"""The fast training engine of the CPU. Start reading at engine.py, then loops/step.py."""
