"""Data that ships with the program. ATTRIBUTION.md says where it comes from."""
