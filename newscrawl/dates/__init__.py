"""Dates as pages state them: read, compared and refused, never filled up.

A date is ISO 8601 text as long as its evidence (``2023-03-21``, ``2023-03-21T08:15+08:00``). Nothing here
knows where on a page a text stood; :mod:`newscrawl.extract` decides which places may date an article.
"""

from newscrawl.dates.moments import EARLIEST as EARLIEST
from newscrawl.dates.moments import earliest_moment as earliest_moment
from newscrawl.dates.moments import fetched_text as fetched_text
from newscrawl.dates.moments import is_after as is_after
from newscrawl.dates.moments import same_day as same_day
from newscrawl.dates.moments import with_zone as with_zone
from newscrawl.dates.printed import MAY_BE_DATED as MAY_BE_DATED
from newscrawl.dates.printed import Order as Order
from newscrawl.dates.printed import dates_in as dates_in
from newscrawl.dates.printed import order_of as order_of
from newscrawl.dates.stated import epoch_date as epoch_date
from newscrawl.dates.stated import iso_date as iso_date
from newscrawl.dates.stated import url_date as url_date
