"""Conditions: what befell an item on its way here, measured, and imposed on other media.

:mod:`~avaudit.conditions.impose` puts a named condition (``mp3_64k``, ``telephone_8k``,
``jpeg_q70`` …) on sound, pictures and clips in memory; :mod:`~avaudit.conditions.measure` meters
a file while it is decoded; :mod:`~avaudit.conditions.match` names the condition nearest to
what was measured, out of those a detector's card has a calibration for.
"""
