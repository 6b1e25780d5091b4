"""``report.html``: a report as one page that needs nothing else and runs nothing.

Titles, URLs and reasons come from outside: every one goes through :func:`shown` or :func:`link`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from statistics import fmean
from typing import Any

CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_MAX_TEXT = 160
_MAX_ROWS = 500
_MAX_URLS = 200
_WEB = re.compile(r"https?://[^\s/?#]", re.I)
_CSS = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--back:#fff;--bar:#9db2c8;--now:#0b62c4;
--bad:#b3261e;--panel:#f6f8fa}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa6b2;--line:#30363d;--back:#0d1117;--bar:#3f5369;
--now:#58a6ff;--bad:#ff8a80;--panel:#161b22}}
body{margin:0 auto;max-width:75rem;padding:1rem;background:var(--back);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}a{color:var(--now)}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.875rem;width:100%}
caption{text-align:left;color:var(--soft);padding:.3rem 0}
th,td{border-bottom:1px solid var(--line);padding:.3rem .6rem;text-align:left;vertical-align:top}
thead th{white-space:nowrap}td{overflow-wrap:anywhere}td.n,th.n{text-align:right;white-space:nowrap;
font-variant-numeric:tabular-nums}
td:first-child,tbody th{min-width:9rem;font-weight:normal}
.bad{color:var(--bad);font-weight:600}.soft{color:var(--soft)}ul{padding-left:1.2rem}li{overflow-wrap:anywhere}
details{margin:.3rem 0}summary{cursor:pointer}svg{display:block;max-width:100%}
svg rect{fill:var(--bar)}svg rect.now{fill:var(--now)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;background:var(--panel);padding:1rem;margin:0}
dd{margin:0;overflow-wrap:anywhere}
"""


@cache
def _hidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _seen(text: str) -> str:
    """Return *text* without what cannot be seen. Most texts are printable as a whole."""
    return text if text.isprintable() else "".join(ch for ch in text if not _hidden(ch))


def shown(value: object) -> str:
    """Return *value* as HTML text: what cannot be seen or turns the direction of writing is left out.

    >>> shown('<b> & "c"'), shown("a\u202eb")
    ('&lt;b&gt; &amp; &quot;c&quot;', 'ab')
    """
    text = _seen(str(value)[: 4 * _MAX_TEXT])
    return escape(text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…")


def link(url: str) -> str:
    """Return *url* as a link where it is one that a reader may follow, and as text where not.

    >>> link("javascript:alert(1)")
    'javascript:alert(1)'
    """
    if _seen(url) != url or not _WEB.match(url):
        return shown(url)
    return f'<a href="{escape(url)}" rel="noopener noreferrer nofollow">{shown(url)}</a>'


def bars(values: Sequence[float], label: str) -> str:
    """Return a small bar chart of *values*, the last one marked; *label* says the same in words."""
    top = max(values, default=0) or 1
    rects = []
    for place, value in enumerate(values):
        height = max(round(30 * value / top, 1), 1.0 if value else 0.0)
        now = ' class="now"' if place == len(values) - 1 else ""
        title = f"<title>{value:g}</title>"
        rects.append(f'<rect{now} x="{place * 10}" y="{30 - height:g}" width="8" height="{height:g}">{title}</rect>')
    width = max(10 * len(values) - 2, 8)
    return (
        f'<svg role="img" aria-label="{shown(label)}" width="{width}" height="30" viewBox="0 0 {width} 30">'
        f"{''.join(rects)}</svg>"
    )


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: frozenset[int]) -> str:
    """Return a table; cells are HTML already, and *numbers* are the columns that are set to the right."""
    body = [
        "<tr>"
        + "".join(
            f'<th scope="row">{cell}</th>' if not place else f"<td{_right(place, numbers)}>{cell}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    ]
    if not body:
        return ""
    left = len(body) - _MAX_ROWS
    note = f" The first {_MAX_ROWS}; report.json has {left} more." if left > 0 else ""
    head = "".join(f'<th scope="col"{_right(place, numbers)}>{shown(name)}</th>' for place, name in enumerate(heads))
    return (
        f'<div class="wide" role="region" aria-label="{shown(caption)}" tabindex="0">'
        f"<table><caption>{shown(caption)}{note}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body[:_MAX_ROWS])}</tbody></table></div>"
    )


def _right(place: int, numbers: frozenset[int]) -> str:
    return ' class="n"' if place in numbers else ""


def counted(counts: Mapping[str, int]) -> str:
    """Return counts by name on one line, the greatest first."""
    pairs = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{shown(name)}&nbsp;{n}" for name, n in pairs[:12] if n) or "–"


def report_html(report: Mapping[str, Any]) -> str:
    """Return the page of a report as :func:`newscrawl.ledger.report.report_of` gives it."""
    title = f"newscrawl run {report['run_id']}"
    parts = (_summary, _reasons, _runs, _sites, _feeds, _fields, _hosts, _skipped)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{CSP}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        f"<title>{shown(title)}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n<main>\n<h1>{shown(title)}</h1>\n"
        + "\n".join(part for part in (make(report) for make in parts) if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def _section(name: str, *content: str) -> str:
    found = "\n".join(part for part in content if part)
    return f"<section>\n<h2>{shown(name)}</h2>\n{found}\n</section>" if found else ""


def _summary(report: Mapping[str, Any]) -> str:
    code = report["exit_code"]
    network = report["network"]
    rows = {
        "spider": shown(report["spider"]),
        "ended": shown(report["finish_reason"] or "not yet"),
        "exit code": "–" if code is None else f'<span class="{"bad" if code else ""}">{code}</span>',
        "from, to": shown(f"{report['started_at'] or '–'}, {report['ended_at'] or '–'}"),
        "pages": counted(report["pages"]),
        "articles": f"{report['articles']} rows; {counted(report['versions'])}",
        "duplicates": counted(report["duplicates"]),
        "feeds": counted(report["feeds"]),
        "failed": counted(report["failed"]),
        "not written": counted(report["dropped"]),
        "skipped": counted(report["skipped"]),
        "requests": f"{network['requests']}, {network['retries']} of them again; {_size(network['received'])} received",
        "status codes": counted(network["statuses"]),
    }
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows.items()) + "</dl>"


def _reasons(report: Mapping[str, Any]) -> str:
    lines = "".join(f'<li class="bad">{shown(line)}</li>' for line in report["reasons"][:_MAX_ROWS])
    starts = "".join(
        f"<li>{link(start['url'])}: {shown(start['reason'])}</li>" for start in report["failed_starts"][:_MAX_URLS]
    )
    return _section(
        "What is wrong",
        f"<ul>{lines}</ul>" if lines else "",
        f"<h3>Start URLs that failed</h3><ul>{starts}</ul>" if starts else "",
    )


def _runs(report: Mapping[str, Any]) -> str:
    earlier: Sequence[Mapping[str, Any]] = report["earlier"]
    if not earlier:
        return ""
    values = [run["articles"] for run in reversed(earlier)] + [report["articles"]]
    rows = [
        (
            shown(run["started_at"] or run["run_id"]),
            "–" if run["exit_code"] is None else str(run["exit_code"]),
            str(run["articles"]),
            *(str(run["versions"].get(name, 0)) for name in ("new", "changed", "unchanged", "gone")),
            *(str(sum(run[name].values())) for name in ("pages", "duplicates", "failed", "skipped")),
        )
        for run in (report, *earlier)
    ]
    heads = ("started", "exit code", "rows", "new", "changed", "unchanged", "gone", "pages", "duplicates", "failed",
             "skipped")  # fmt: skip
    return _section(
        "This run and those before it",
        bars(values, f"rows a run, the newest last: {', '.join(map(str, values))}"),
        table("The newest first.", heads, rows, numbers=frozenset(range(1, 11))),
    )


def _sites(report: Mapping[str, Any]) -> str:
    rows = []
    for name, site in _by_articles(report):
        before = _before(report, name)
        values = [run["articles"] for run in reversed(before)] + [site["articles"]]
        failed, skipped, repeated = (sum(site[key].values()) for key in ("dropped", "skipped", "duplicates"))
        rows.append(
            (
                shown(name),
                bars(values, f"rows a run, the newest last: {', '.join(map(str, values))}"),
                *(str(site["versions"].get(key, 0)) for key in ("new", "changed", "unchanged", "gone")),
                _beside(repeated, [run["duplicates"] for run in before]),
                _beside(failed, [run["failed"] for run in before]),
                counted(site["dropped"]),
                _beside(skipped, [run["skipped"] for run in before]),
                counted(site["skipped"]),
            )
        )
    heads = ("site", "rows", "new", "changed", "unchanged", "gone", "duplicates", "failed", "why", "skipped", "why")
    caption = "What became of articles; in brackets the mean of the runs before."
    return _section("Sites", table(caption, heads, rows, numbers=frozenset((2, 3, 4, 5, 6, 7, 9))))


def _feeds(report: Mapping[str, Any]) -> str:
    rows = []
    for name, site in _by_articles(report):
        before = _before(report, name)
        for url, feed in site["feeds"].items():
            bad = ' class="bad"' if feed["outcome"] in ("failed", "dead") else ""
            rows.append(
                (
                    link(url),
                    shown(feed["kind"]),
                    f"<span{bad}>{shown(feed['outcome'].replace('_', ' '))}</span>",
                    "–" if feed["status"] is None else shown(feed["status"]),
                    str(feed["entries"]),
                    _beside(feed["new"], [run["feeds"][url] for run in before if url in run["feeds"]]),
                    shown(feed["reason"] or "–"),
                )
            )
    heads = ("feed", "kind", "outcome", "status", "entries", "new", "why")
    caption = "What each feed gave; in brackets the mean of the runs before."
    return _section("Feeds", table(caption, heads, rows, numbers=frozenset((3, 4, 5))))


def _fields(report: Mapping[str, Any]) -> str:
    sites = [(name, site) for name, site in _by_articles(report) if _texts(site)]
    names = sorted({field for _, site in sites for field in site["fields"]})
    rows = []
    for name, site in sites:
        before = [run for run in _before(report, name) if _texts(run)]
        rows.append(
            (
                shown(name),
                str(_texts(site)),
                *(
                    _beside(
                        100 * site["fields"].get(field, 0) / _texts(site),
                        [100 * run["fields"].get(field, 0) / _texts(run) for run in before],
                    )
                    for field in names
                ),
            )
        )
    heads = ("site", "rows with a text", *(name.replace("_", " ") for name in names))
    caption = "Per cent of a site's rows with a text that have a field; in brackets the mean of the runs before."
    return _section("Fields", table(caption, heads, rows, numbers=frozenset(range(1, len(heads)))))


def _texts(site: Mapping[str, Any]) -> int:
    """Return how many rows have a text: not those that say that an article is gone."""
    return max(int(site["articles"]) - int(site["versions"].get("gone", 0)), 0)


def _hosts(report: Mapping[str, Any]) -> str:
    hosts = [(name, host) for site in report["sites"].values() for name, host in site["hosts"].items()]
    hosts.sort(key=lambda pair: (-pair[1]["waited_s"] / max(pair[1]["requests"], 1), pair[0]))
    rows = [
        (
            shown(name),
            str(host["requests"]),
            f"{host['waited_s'] / max(host['requests'], 1):.2f}",
            f"{host['slowest_s']:.2f}",
            str(host["retries"]),
            _size(host["received"]),
            counted(host["statuses"]),
            counted(host["failed"]),
        )
        for name, host in hosts
    ]
    heads = ("host", "requests", "mean wait, s", "longest, s", "retries", "received", "status codes", "failed")
    return _section("Hosts", table("The slowest first.", heads, rows, numbers=frozenset(range(1, 6))))


def _skipped(report: Mapping[str, Any]) -> str:
    listed = {**report["skipped_urls"], "not in the replay set": report["links_not_in_replay"]}
    parts = []
    for reason, urls in listed.items():
        total = report["skipped"].get(reason, len(urls))
        items = "".join(f"<li>{link(url)}</li>" for url in urls[:_MAX_URLS])
        more = f"<p>The first {_MAX_URLS}; report.json has more.</p>" if len(urls) > _MAX_URLS else ""
        if items:
            parts.append(f"<details><summary>{shown(reason)}: {total}</summary><ul>{items}</ul>{more}</details>")
    return _section("Skipped", *parts)


def _by_articles(report: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the sites, those with the most rows first."""
    return sorted(report["sites"].items(), key=lambda pair: (-pair[1]["articles"], pair[0]))


def _before(report: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [run["sites"][name] for run in report["earlier"] if name in run["sites"]]


def _beside(value: float, before: Sequence[float]) -> str:
    mean = f' <span class="soft">({fmean(before):.0f})</span>' if before else ""
    return f"{value:.0f}{mean}"


def _size(size: float) -> str:
    """Return a number of bytes for people.

    >>> _size(900), _size(2_500_000)
    ('900 B', '2.5 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.1f} {unit}" if unit != "B" else f"{size:.0f} B"
        size /= 1000
    return f"{size:.1f} TB"
