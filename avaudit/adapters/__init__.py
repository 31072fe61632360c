"""Models under audit: protocols, and one resolver for every way to name a model."""
