"""URLs: read off a page, compared, named, and judged by their shape.

:func:`resolve` gives the URL to ask for, :func:`url_key` the form under which two URLs are the same page, and
:func:`url_loose` the one under which they may be. All take any text and never raise.
"""

from newscrawl.urls.hosts import host_of, of_nearest_host, site_of
from newscrawl.urls.keys import URL_KEY_VERSION, UrlKeys, url_id, url_key
from newscrawl.urls.loose import url_loose
from newscrawl.urls.parameters import ParameterRules, with_parameters, without_dropped
from newscrawl.urls.reading import link_base, resolve
from newscrawl.urls.shapes import looks_like_article, looks_like_tag

__all__ = [
    "URL_KEY_VERSION",
    "ParameterRules",
    "UrlKeys",
    "host_of",
    "link_base",
    "looks_like_article",
    "looks_like_tag",
    "of_nearest_host",
    "resolve",
    "site_of",
    "url_id",
    "url_key",
    "url_loose",
    "with_parameters",
    "without_dropped",
]
