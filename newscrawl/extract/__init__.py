"""Reading: HTML in, values out. ``docs/reading.md`` tells how."""

from newscrawl.extract.kind import PageKind
from newscrawl.extract.page import Page, Segment, extract_article, read_page
from newscrawl.extract.roles import LinkRole, PageLink

__all__ = ["LinkRole", "Page", "PageKind", "PageLink", "Segment", "extract_article", "read_page"]
