"""``python tests/crawled_site.py FOLDER``: crawls the generated site into FOLDER, twice, for other tools to look at."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from crawls import crawl
from newssite import build_site, serve


def main(folder: Path) -> int:
    """Crawl; return the exit code of the first run that did not end well."""
    shutil.rmtree(folder, ignore_errors=True)
    with serve(build_site(60, seed=3, hosts=2)) as running:
        for _ in range(2):
            # The second run gives revisit records: what lists articles is asked again and has not changed.
            run = crawl(
                folder,
                "-a",
                f"url={' '.join(running.urls)}",
                "-s",
                "NEWSCRAWL_ALLOW_ADDRESSES=127.0.0.0/8",
                "-s",
                "NEWSCRAWL_PRESET=local",
            )
            print("\n".join(run.out.splitlines()[-6:]))
            if run.code:
                print(run.log[-3000:], file=sys.stderr)
                return run.code
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
