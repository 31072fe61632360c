"""The smallest plug-in of avaudit: one detector and one renderer, found by entry points."""
