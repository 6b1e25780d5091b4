"""Reading: HTML in, values out. ``docs/reading.md`` tells how."""

from newscrawl.extract.page import LinkRole, Page, PageKind, PageLink, Segment, extract_article, read_page

__all__ = ["LinkRole", "Page", "PageKind", "PageLink", "Segment", "extract_article", "read_page"]
