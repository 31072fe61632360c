"""The parts of the page Scan: choosing, watching, and what was scanned before."""
