"""Parts of the pages about findings: the table, and everything on a finding's own page."""
