"""Crawls of the hostile server: some of its endpoints in one process, two by themselves. `make hostile-test` has all."""

from __future__ import annotations

from pathlib import Path

import pytest
from crawls import check_rows
from hostile.run import crawl, harm, unkept
from hostile.server import ENDPOINTS, HostileServer

TOGETHER = (
    "plain",
    "gzip-bomb",
    "wide-window",
    "empty-members",
    "br-cut",
    "false-coding",
    "unknown-coding",
    "layers",
    "endless-head",
    "endless-interim",
    "many-fields",
    "length-too-short",
    "length-absurd",
    "no-http",
    "same-redirect",
    "to-file",
    "to-no-url",
    "to-other-port",
    "to-wide",
    "to-mapped",
    "refresh-inside",
    "links-inside",
    "control-title",
    "formula-title",
    "noise",
)


def test_no_harm_comes_of_a_crawl_through_many_hostile_pages(tmp_path: Path) -> None:
    with HostileServer() as server:
        crawled = crawl(server, [server.url(name) for name in TOGETHER], tmp_path)
    # Memory is for `make hostile-test`: what a process needs depends on the machine, too.
    assert [fault for fault in harm(server, crawled) if fault != "MEMORY"] == []
    check_rows(crawled.rows)
    for name in TOGETHER:
        rows = [row for row in crawled.rows if row["requested_url"] == server.url(name)]
        assert unkept(ENDPOINTS[name], server, rows) == [], name
    wanted = {reason for name in TOGETHER if (reason := ENDPOINTS[name].reason) is not None}
    assert wanted <= set(crawled.failed)


@pytest.mark.parametrize("name", ["br-bomb", "to-number"])
def test_a_start_url_that_is_refused_ends_with_exit_code_3_and_its_reason(name: str, tmp_path: Path) -> None:
    with HostileServer() as server:
        crawled = crawl(server, [server.url(name)], tmp_path)
    assert (crawled.code, crawled.rows, server.canary) == (3, [], [])
    assert sum(crawled.failed.values()) == 1
    assert ENDPOINTS[name].reason is None or ENDPOINTS[name].reason in crawled.failed


def test_a_start_url_on_this_machine_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with HostileServer() as server:
        inside = f"http://[::ffff:127.0.0.1]:{server.canary_port}/"
        crawled = crawl(server, [inside], tmp_path)
    assert (crawled.code, server.canary, sum(server.asked.values())) == (3, [], 0)
    assert crawled.failed == {"refused": 1}


def test_every_kind_of_harm_is_seen(tmp_path: Path) -> None:
    with HostileServer() as server:
        crawled = crawl(server, [server.url("to-file")], tmp_path)
        assert harm(server, crawled) in ([], ["MEMORY"])
        server.canary.append("/")
        server.asked["plain"] = 100
    told = harm(
        server,
        crawled.__class__(**{**vars(crawled), "log": "Traceback\x1b", "cells": ["=1"], "code": 1, "peak_mb": 1e6}),
    )
    assert [fault.split()[0] for fault in told] == ["CANARY", "EXIT", "TRACEBACK", "CONTROL", "FORMULA", "MEMORY"]
    assert [fault.split()[0] for fault in unkept(ENDPOINTS["plain"], server, [])] == ["REQUESTS", "LOST"]
    row = {"http": {"truncated": "time"}}
    assert [fault.split()[0] for fault in unkept(ENDPOINTS["empty"], server, [row])] == ["JUNK", "TRUNCATED"]
