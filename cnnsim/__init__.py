"""See, step through and train small convolutional networks in a terminal."""

__version__ = "0.1.0"
