"""The drawing pad without a terminal: the sheet, what the net sees of it, what it says."""
