"""``python -m newssite --articles 300``: serve a site until standard input closes or SIGTERM comes.

Prints one line when ready: ``{"urls": ["http://127.0.0.2:40123/", ...]}``.
"""

import argparse
import json
import signal
import sys

from newssite import build_site, serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="newssite", description="Serve a generated news site on loopback.")
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hosts", type=int, default=3)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    options = parser.parse_args()
    # SystemExit leaves the context in good order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    site = build_site(options.articles, seed=options.seed, hosts=options.hosts)
    with serve(site, options.port, log=False) as running:
        print(json.dumps({"urls": running.urls}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
