"""The store brought to the rules by which URLs are told apart now."""

from __future__ import annotations

from newscrawl.exceptions import ConfigError
from newscrawl.ledger.frontier import fingerprint_of
from newscrawl.store import Store, frontier, keys
from newscrawl.urls import UrlKeys


def renew_keys(store: Store, wanted: UrlKeys, worker: str, *, now: float) -> str:
    """Make the keys of *store* anew where they were made by other rules; return what was done, empty for nothing.

    Raises :exc:`ConfigError` while another worker is at work: it goes by the other rules.
    """
    with store.reading() as connection:
        if keys.made_by(connection, wanted):
            return ""
        before = keys.stored(connection)
        others = frontier.others_at_work(connection, worker, now=now)
    if others:
        raise ConfigError(
            f"store {store.name}: the site profiles of this crawl say other things about parameters of URLs "
            f"(keep_params, drop_params) than those of {', '.join(others)}, at work there. Give all workers the same "
            "profiles; to change them, end all workers first (one that was killed counts for ten minutes)"
        )
    with store.begin() as connection:
        changed = keys.remake(connection, wanted, fingerprint_of)
    if not changed or before is None:
        return ""
    return f"The site profiles say other things about parameters than in the last crawl: {changed} keys were made anew"
