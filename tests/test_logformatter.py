from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from crawls import crawl
from hypothesis import given
from hypothesis import strategies as st
from oddserver import Answer, OddServer
from scrapy import signals
from scrapy.exceptions import DownloadFailedError, IgnoreRequest
from scrapy.utils.test import get_crawler

from newscrawl.logformatter import ShownFormatter, ShownLogFormatter, install_shown_formatters

FORMATTER = ShownFormatter(logging.Formatter("%(levelname)s: %(message)s"))


def line(message: str, *arguments: object, name: str = "newscrawl", error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error is not None else None
    return FORMATTER.format(logging.LogRecord(name, logging.INFO, "", 1, message, arguments, info))


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error):
        return error


def test_what_steers_a_terminal_is_written_as_an_escape() -> None:
    assert line("%s", "a\x1b[2J\x07\x9b1m\u202eb") == "INFO: a\\x1b[2J\\x07\\x9b1m\\u202eb"


def test_no_text_from_outside_begins_a_line_of_its_own() -> None:
    assert line("got %s", "x\r\n2024 [newscrawl] INFO: forged\u2028") == (
        "INFO: got x\\r\\n2024 [newscrawl] INFO: forged\\u2028"
    )


def test_messages_that_scrapy_writes_on_several_lines_keep_them() -> None:
    assert line("Dumping Scrapy stats:\n%s", "{'a': 1}", name="scrapy.statscollectors") == (
        "INFO: Dumping Scrapy stats:\n{'a': 1}"
    )


@pytest.mark.parametrize("error", [DownloadFailedError("reset\x1b"), IgnoreRequest("no\nway")])
def test_what_a_server_brought_about_is_one_line(error: Exception) -> None:
    text = line("Error downloading %s", "x", error=raised(error))
    assert "\n" not in text
    assert "\x1b" not in text
    assert type(error).__name__ in text


def test_a_message_that_says_the_error_already_does_not_say_it_twice() -> None:
    assert line("Error: reset", error=raised(DownloadFailedError("reset"))) == "INFO: Error: reset"


def test_a_fault_of_our_own_keeps_its_traceback() -> None:
    text = line("oh", error=raised(KeyError("a\x1b\n")))
    assert text.startswith("INFO: oh\nTraceback (most recent call last):\n")
    assert "\x1b" not in text


def test_other_handlers_get_the_record_as_it_was() -> None:
    record = logging.LogRecord("newscrawl", logging.INFO, "", 1, "%s", ("\x1b",), None)
    FORMATTER.format(record)
    assert (record.msg, record.args, record.getMessage()) == ("%s", ("\x1b",), "\x1b")


@given(st.text(), st.sampled_from(["newscrawl", "scrapy.core.engine"]))
def test_any_message_is_one_line_without_control_characters(text: str, name: str) -> None:
    shown = line("%s", text, name=name)
    assert len(shown.splitlines()) == 1
    shown.encode("utf-8")


@pytest.fixture
def handler() -> Iterator[logging.Handler]:
    found = logging.StreamHandler(sys.stderr)
    logging.getLogger("newscrawl").addHandler(found)
    yield found
    logging.getLogger("newscrawl").removeHandler(found)


def test_handlers_that_are_there_are_made_safe_once(handler: logging.Handler) -> None:
    inner = logging.Formatter("%(message)s!")
    handler.setFormatter(inner)
    ShownLogFormatter.from_crawler(get_crawler())
    first = handler.formatter
    install_shown_formatters()
    assert handler.formatter is first
    assert isinstance(first, ShownFormatter)
    assert first.inner is inner


def test_a_handler_that_scrapy_puts_in_when_a_crawl_begins_is_made_safe_too(handler: logging.Handler) -> None:
    crawler = get_crawler()
    ShownLogFormatter.from_crawler(crawler)
    handler.setFormatter(logging.Formatter("%(message)s"))
    crawler.signals.send_catch_log(signals.spider_opened)
    assert isinstance(handler.formatter, ShownFormatter)


def test_in_a_crawl_a_robots_txt_that_is_far_too_long_leaves_no_traceback(tmp_path: Path) -> None:
    robots = Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    page = b"<p>page"
    answers = {"/robots.txt": robots, "/": Answer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(page) + page)}
    with OddServer(answers) as server:
        finished = crawl(
            tmp_path / "out", "-a", f"url={server.url('/')}", "-s", "NEWSCRAWL_ALLOW_ADDRESSES=127.0.0.0/8"
        )
    assert finished.code in (3, 4), finished.log[-2000:]
    assert "Traceback" not in finished.log
