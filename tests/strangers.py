"""Compare what a replay by pywb gives with what the WARC files hold.

``python strangers.py http://127.0.0.1:PORT/COLLECTION FILE…`` asks for every archived page with status 200 at its own
time, and for every revisit of one, and ends with exit code 1 when one body differs. Used by ``strangers.sh``.
"""

from __future__ import annotations

import http.client
import string
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from newscrawl.archive.coding import decoded
from newscrawl.archive.reading import WarcRecord, decoded_payload, read_warc
from newscrawl.archive.surt import surt
from newscrawl.archive.warc import IDENTICAL_PAYLOAD

TIMEOUT_S = 10
START_S = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """A page as it is archived."""

    url: str
    timestamp: str
    body: bytes


def pages(records: list[WarcRecord]) -> Iterator[Expected]:
    """Yield every page with status 200, and every revisit of one that is there.

    Left out is what pywb cannot be asked for by its address alone: cut bodies, on which it waits for ever, and answers
    to anything but GET.
    """
    by_id = {record.record_id: record for record in records}
    asked = {record.get("WARC-Concurrent-To"): record for record in records if record.type == "request"}
    for record in records:
        if record.type not in ("response", "revisit") or record.http is None or record.http.status != 200:
            continue
        request = asked.get(f"<{record.record_id}>")
        if record.get("WARC-Truncated") or (request and not request.block.startswith(b"GET ")):
            continue
        source = record
        if record.type == "revisit":
            if record.get("WARC-Profile") != IDENTICAL_PAYLOAD:
                continue
            original = (record.get("WARC-Refers-To") or "").strip("<>")
            if original not in by_id:
                sys.exit(
                    f"{record.path.name}: offset {record.offset} refers to {original}, which is in none of the files"
                )
            source = by_id[original]
        assert record.date is not None
        assert record.target_uri is not None
        timestamp = record.date.strftime("%Y%m%d%H%M%S")
        yield Expected(url=record.target_uri, timestamp=timestamp, body=decoded_payload(source)[0])


def replayed(base: str, page: Expected) -> tuple[int, bytes]:
    """Return status and decoded body of the replay of *page*, as it was and without rewriting."""
    parts = urlsplit(base)
    # Only what no request line can hold is encoded: the rest of the address is asked for as it is archived.
    url = quote(page.url, safe=string.punctuation)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
    try:
        connection.request("GET", f"{parts.path}/{page.timestamp}id_/{url}", headers={"Accept-Encoding": "identity"})
        response = connection.getresponse()
        body = response.read()
        coding = response.getheader("Content-Encoding", "")
        return response.status, decoded(body, coding.encode("latin-1"))[0]
    finally:
        connection.close()


def wait_for(base: str) -> None:
    """Return when something answers at *base*. Raises :exc:`TimeoutError`."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            replayed(base, Expected(url="", timestamp="", body=b""))
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"nothing answers at {base}")


def main(base: str, *paths: str) -> int:
    """Print what differs and how much was compared; return the exit code."""
    records = [found for path in paths for found in read_warc(Path(path)) if isinstance(found, WarcRecord)]
    expected = list(pages(records))
    # Captures with one key and one second are one to pywb: any of them is a right answer.
    right = defaultdict(set)
    for page in expected:
        right[surt(page.url), page.timestamp].add(page.body)
    wait_for(base)
    wrong = 0
    for page in expected:
        try:
            status, body = replayed(base, page)
            fault = (
                None
                if status == 200 and body in right[surt(page.url), page.timestamp]
                else f"{status}, {len(body)} bytes"
            )
        except (OSError, http.client.HTTPException) as error:
            fault = f"{type(error).__name__}: {error}"
        if fault:
            wrong += 1
            print(f"{page.url} at {page.timestamp}: {fault}; archived are {len(page.body)} bytes")
    print(f"{len(expected)} pages replayed, {wrong} differ")
    return 1 if wrong or not expected else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
