"""Reading: HTML in, values out. ``docs/reading.md`` tells how."""

from newscrawl.extract.feedlinks import FeedLink, FeedType
from newscrawl.extract.joining import adds, joined, same_story, warned
from newscrawl.extract.kind import PageKind
from newscrawl.extract.page import Page, Segment, extract_article, read_page
from newscrawl.extract.parts import PartLink, begins, first_part, next_part, surely_same
from newscrawl.extract.profiling import ProfileCheck
from newscrawl.extract.roles import LinkRole, PageLink

__all__ = [
    "FeedLink",
    "FeedType",
    "LinkRole",
    "Page",
    "PageKind",
    "PageLink",
    "PartLink",
    "ProfileCheck",
    "Segment",
    "adds",
    "begins",
    "extract_article",
    "first_part",
    "joined",
    "next_part",
    "read_page",
    "same_story",
    "surely_same",
    "warned",
]
