"""The shape walk without a terminal: table, what-if model, reasons, fields, blocks, layout."""
