"""What the home screen lists and shows, without any widget."""
