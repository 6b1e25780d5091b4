"""Signals of newscrawl, sent through Scrapy's signal manager.

Other parts, and extensions of your own, connect to them as to Scrapy's signals.
"""

row_kept = object()
"""Sent with ``article`` and ``line`` (bytes) after a row was handed to the files of the run."""

page_read = object()
"""Sent with ``page`` (:class:`newscrawl.extract.Page`) and ``response`` after a page was read."""
