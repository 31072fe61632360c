"""What avaudit costs, beside the plain libraries, in one run: ``make bench``."""
