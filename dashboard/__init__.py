"""Dashboard: the Streamlit app over the ledger. It reads the result model and computes no evidence.

How its parts fit together:

* ``avaudit dashboard`` (``avaudit.cli.dashboard``) starts Streamlit on ``app.py`` with flags from
  ``theme.streamlit_flags``; ``app.py`` calls ``shell.run``.
* ``shell`` finds the pages: every module of ``pages/`` that does not begin with an underscore,
  with ``def show(store: Store) -> None``. Optional module constants are ``TITLE`` (default: the
  module's name), ``ICON`` (a ``:material/…:`` name) and ``ORDER`` (a number; the menu is sorted by
  it). They are read from the source without importing it, so a page costs nothing until it is
  opened. ``shell.page_link(name, label)`` links from one page to another.
* ``store.Store`` is what a page reads: reports, the catalogue's pages of findings, the folder a
  report was written to and its artefacts. It changes nothing. ``store.home`` is the avaudit home in
  force; writing (a review, a scan job) goes through the core, with ``store.settings()``.
* ``demo`` switches the whole process to the demo's own home and back; pages need not know.
* ``say`` makes text from files safe: ``plain`` for ``st.text`` and tables, ``md`` wherever
  Streamlit reads Markdown (labels, captions, tabs, metrics). ``unsafe_allow_html`` is never used.
* ``theme`` holds the palette (readable for the colour-blind, in light and dark) and ``chart``,
  which gives an Altair chart the house's configuration.
* ``states`` holds the shared empty, error and loading states.
"""
