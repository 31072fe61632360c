"""The pages of the dashboard, one module each; see the package's docstring."""
