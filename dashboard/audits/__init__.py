"""The parts of the page Audits. Everything shown is read from reports; nothing is measured anew."""
