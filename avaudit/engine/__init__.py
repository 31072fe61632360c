"""Where work runs: one file at a time in a confined worker, many workers side by side."""
