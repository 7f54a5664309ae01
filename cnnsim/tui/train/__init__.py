"""The training screen without a terminal: what it shows, and how that is drawn."""
