"""Simulations that hold the statistics to their promises: coverage and false alarms."""
