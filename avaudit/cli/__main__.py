"""``python -m avaudit.cli``."""

from . import main

main()
