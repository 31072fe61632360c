"""Was the speech synthesised or converted by a machine? A small model of our own."""
