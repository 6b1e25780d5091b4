"""A news site that does not exist, for tests and benchmarks to crawl on loopback.

`build_site` plans it: stories in three languages on four publishing platforms, the aliases, redirects,
reposts and dead links around them, and for each URL the truth a crawler should find. The same arguments
give the same bytes. `serve` puts it on 127.0.0.2, 127.0.0.3 and so on; ``python -m newssite`` does so in a
process of its own.

    site = build_site(60)
    with serve(site) as running:
        crawl(running.urls)
    asked_for = running.requests
    expected = [row for row in site.truth if row.kind == "article"]

Linux answers on all of 127.0.0.0/8; elsewhere the addresses must be given to the loopback device first.
"""

from newssite.pages import Pages, Served
from newssite.plan import Site, Truth, build_site
from newssite.server import Running, serve

__all__ = ["Pages", "Running", "Served", "Site", "Truth", "build_site", "serve"]
