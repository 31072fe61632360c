"""Jinja templates and style sheets of the HTML report, as package data."""
