"""Settings of a crawl on a server: copy this to /etc/newscrawl/ and change what is yours (docs/server.md)."""

from newscrawl.settings import *  # noqa: F403

# Where a webmaster can reach you: a page about your crawl, or a mail address.
NEWSCRAWL_CONTACT = "https://example.org/our-crawler"
# Site profiles of your own.
NEWSCRAWL_SITES_DIR = "/etc/newscrawl/sites"
# No terminal looks on: a line in the log every ten minutes is enough.
NEWSCRAWL_PROGRESS_ENABLED = False
NEWSCRAWL_PROGRESS_S = 600.0
LOG_LEVEL = "WARNING"
# A run that is not done by then ends with 4, and the next one goes on.
CLOSESPIDER_TIMEOUT = 3000
