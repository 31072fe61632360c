"""Sample media made on the spot, for the demo and the tests: nothing is downloaded or shipped."""
