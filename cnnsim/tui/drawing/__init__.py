"""Pure drawing: values in, styled text out. No widgets, no app, no files."""
