"""Readers of containers and metadata blocks: one file each, raw fields out, no judgement."""
