from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.dates import (
    MAY_BE_DATED,
    dates_in,
    earliest_moment,
    epoch_date,
    fetched_text,
    is_after,
    iso_date,
    order_of,
    same_day,
    url_date,
    with_zone,
)
from newscrawl.items import Article, faults

ANY_TEXT = st.text(st.characters())
# What dates are written with, in any order: most are none, and many are one.
PIECES = (
    "2023 1899 1900 2099 9999 0000 3 03 12 13 21 31 99 08:15 8:05 24:00 25:61 :60 08h15 - / . 年 月 日 년 월 일 T Z z "
    "+0800 +08:00 -99:99 +٠٨:00 GMT UTC 上午 下午 晚上 凌晨 午後 오후 am p.m. 星期二 (二) （火） Tue, Mar March März mars "
    "Auguſt AprİL aprıl oKtober 1er 3rd de at um à 时 分 點 시 \u3000 ２０２３ ２１ 三月 ② 20230321 081500 t _ \ud800 \x00 "
    "мая Μαΐου مايو ٢٠٢٣ मई 令和 平成 民國 元 二〇二三 十 21.3.23 3/21/2023 21.3. tháng CEST MESZ EDT EST Uhr г. m."
)
DATE_LIKE = st.lists(st.sampled_from([" ", *PIECES.split(" ")]), max_size=10).map("".join)
TEXTS = ANY_TEXT | DATE_LIKE
URLS = st.builds("{}{}".format, st.sampled_from(["https://news.example/", "/", "http://[", ""]), TEXTS)
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/London", "America/St_Johns", "Pacific/Kiritimati", "UTC"])
NOON = datetime(2023, 3, 21, 12, 0, tzinfo=UTC)


def fits_a_row(value: str) -> bool:
    return faults(Article(date_published=value)) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2023", "2023"),
        ("2023-03", "2023-03"),
        ("2023-03-21", "2023-03-21"),
        (" 2023-3-1 ", "2023-03-01"),
        ("2023-03-21T08:15", "2023-03-21T08:15"),
        ("2023-03-21 08:15:30", "2023-03-21T08:15:30"),
        ("2023-03-21T08:15Z", "2023-03-21T08:15Z"),
        ("2023-03-21t08:15z", "2023-03-21T08:15Z"),
        ("2023-03-21T08:15:00.000+0800", "2023-03-21T08:15:00+08:00"),
        ("2023-03-21T08:15 +08:00", "2023-03-21T08:15+08:00"),
        ("2023-03-21T08:15-03:30", "2023-03-21T08:15-03:30"),
        ("20230321", "2023-03-21"),
        ("20230321T0815", "2023-03-21T08:15"),
        ("20230321081500", "2023-03-21T08:15:00"),
        ("20230321T081500Z", "2023-03-21T08:15:00Z"),
        ("Tue, 21 Mar 2023 08:15:00 GMT", "2023-03-21T08:15:00Z"),
        ("Tue, 21 Mar 2023 08:15:00 +0800", "2023-03-21T08:15:00+08:00"),
        ("21 March 2023 08:15 UTC", "2023-03-21T08:15Z"),
        ("2023年3月21日 下午3:05", "2023-03-21T15:05"),
        ("March 21, 2023", "2023-03-21"),
    ],
)
def test_a_machine_readable_date_is_as_long_as_it_is_stated(text: str, value: str) -> None:
    assert iso_date(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # A name of a zone that means several is no offset.
        ("2023-03-21T08:15:00 CST", "2023-03-21T08:15:00"),
        ("21 March 2023 08:15:00 EST", "2023-03-21T08:15:00"),
        # An offset that no clock has.
        ("2023-03-21T08:15+99:99", "2023-03-21T08:15"),
        # A clock that no day has.
        ("2023-03-21T25:00", "2023-03-21"),
        ("2023-03-21T24:00", "2023-03-21"),
        ("2023-03-21T08:75Z", "2023-03-21"),
        ("21 Mar 2023 25:61:00 GMT", "2023-03-21"),
        # An hour alone.
        ("2023-03-21T08", "2023-03-21"),
    ],
)
def test_what_is_not_clearly_stated_is_left_out(text: str, value: str) -> None:
    assert iso_date(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "1679358900",
        "1862442",
        "0000-01-01",
        "0001-01-01",
        "1899-12-31",
        "1899",
        "2100",
        "2023-13",
        "2023-02-29",
        "2023-03-32",
        "20231301",
        "20230230T0815",
        "12023-03-21",
        "2023-03-2108",
        "Tue, 21 Xyz 2023 08:15:00 GMT",
        "Tue, 21 Mar 1899 08:15:00 GMT",
    ],
)
def test_what_is_no_date_gives_none(text: str) -> None:
    assert iso_date(text) is None


@pytest.mark.parametrize("day", ["1900-01-01", "1999-12-31", "2024-02-29", "9999-12-31"])
def test_a_day_from_1900_to_9999_is_a_date(day: str) -> None:
    assert iso_date(day) == day


@pytest.mark.parametrize("text", ["２０２３-03-21", "٢٠٢٣-٠٣-٢١T08:15+٠٨:00", "20２３"])
def test_digits_of_another_script_never_reach_the_value(text: str) -> None:
    value = iso_date(text)
    assert value is None or (value.isascii() and fits_a_row(value))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # Chinese.
        ("发布时间：2023年3月21日", "2023-03-21"),
        ("2023年03月21日08时15分", "2023-03-21T08:15"),
        ("2023年3月21日 08:15:30", "2023-03-21T08:15:30"),
        ("2023年3月21日 8：05", "2023-03-21T08:05"),
        ("2023年3月21日 星期二 08:15", "2023-03-21T08:15"),
        ("2023年3月21日(二) 08:15", "2023-03-21T08:15"),
        ("2023年3月21日，上午9點05分", "2023-03-21T09:05"),
        ("2023年3月21日 下午3:05", "2023-03-21T15:05"),
        ("2023年3月21日 下午12:05", "2023-03-21T12:05"),
        ("2023年3月21日 下午15:05", "2023-03-21T15:05"),
        ("2023年3月21日 上午12:05", "2023-03-21T00:05"),
        ("2023年3月21日 凌晨1:05", "2023-03-21T01:05"),
        ("2023年3月21日 晚上8:05", "2023-03-21T20:05"),
        ("2023 年 3 月 21 日", "2023-03-21"),
        ("2023/03/21 08:15", "2023-03-21T08:15"),
        ("2023.3.21", "2023-03-21"),
        # Japanese.
        ("2023年3月21日（火）8時15分", "2023-03-21T08:15"),
        ("2023年3月21日 午後3時05分", "2023-03-21T15:05"),
        ("2023年3月21日 午前8:15", "2023-03-21T08:15"),
        # Korean.
        ("2023년 3월 21일", "2023-03-21"),
        ("2023년 3월 21일 오후 3:05", "2023-03-21T15:05"),
        ("2023년3월21일 오전 8시 15분", "2023-03-21T08:15"),
        # English.
        ("March 21, 2023", "2023-03-21"),
        ("Mar. 21st, 2023, 3:05 p.m.", "2023-03-21T15:05"),
        ("March 21, 2023 at 12:05 am", "2023-03-21T00:05"),
        ("March 21, 2023 12:05 PM", "2023-03-21T12:05"),
        ("21 March 2023 15:05", "2023-03-21T15:05"),
        ("3rd of May, 2 Sept 2023", "2023-09-02"),
        # German.
        ("21. März 2023", "2023-03-21"),
        ("21. MÄRZ 2023 um 08.15 Uhr", "2023-03-21T08:15"),
        ("3. Dez. 2023, 08:15 Uhr", "2023-12-03T08:15"),
        # French.
        ("mardi 21 mars 2023 à 08h15", "2023-03-21T08:15"),
        ("1er août 2023", "2023-08-01"),
        ("3 févr. 2023", "2023-02-03"),
        ("3 déc. 2023", "2023-12-03"),
        # Spanish, Portuguese, Italian.
        ("21 de marzo de 2023", "2023-03-21"),
        ("21 de março de 2023", "2023-03-21"),
        ("21 marzo 2023", "2023-03-21"),
        # Other languages, with and without the case of the month's name.
        ("21 мая 2021, 14:03", "2021-05-21T14:03"),
        ("3 травня 2021 року, 14:05", "2021-05-03T14:05"),
        ("3 maja 2021", "2021-05-03"),
        ("21 LISTOPADA 2021", "2021-11-21"),
        ("3. května 2021", "2021-05-03"),
        ("3 Mayıs 2021", "2021-05-03"),
        ("2021. május 3.", "2021-05-03"),
        ("3. toukokuuta 2021 klo 14.05", "2021-05-03T14:05"),
        ("3 mei 2021", "2021-05-03"),
        ("3 Μαΐου 2021", "2021-05-03"),
        ("3 Mei 2021 14.05", "2021-05-03T14:05"),
        ("3 tháng 5, 2021", "2021-05-03"),
        ("٣ مايو ٢٠٢١", "2021-05-03"),
        ("3 मई 2021", "2021-05-03"),
        ("21-May-2021", "2021-05-21"),
        # Day and month as numbers, where dots, a number above 12 or a clock with AM and PM decide.
        ("21.05.2021 14:05", "2021-05-21T14:05"),
        ("3. 5. 2021", "2021-05-03"),
        ("5/13/2021", "2021-05-13"),
        ("13/5/2021", "2021-05-13"),
        ("5/5/2021", "2021-05-05"),
        ("5/3/2021 9:05:06 PM", "2021-05-03T21:05:06"),
        # Eras, numerals and digits of other scripts.
        ("令和3年5月3日", "2021-05-03"),
        ("平成元年5月3日", "1989-05-03"),
        ("民國105年5月3日", "2016-05-03"),
        ("二〇〇五年七月二十一日", "2005-07-21"),
        ("２０２１年５月３日　１４：０５", "2021-05-03T14:05"),
        ("입력 2021.05.03. 오후 2:05", "2021-05-03T14:05"),
        ("2021/5/3（月） 14:05", "2021-05-03T14:05"),
        # Zones whose name means one offset.
        ("May 5, 2020 at 3:04 pm EDT", "2020-05-05T15:04-04:00"),
        ("5. Mai 2020, 14:03 Uhr MESZ", "2020-05-05T14:03+02:00"),
        # Machine-readable in running text.
        ("updated 2023-03-21 08:15:30+08:00.", "2023-03-21T08:15:30+08:00"),
    ],
)
def test_a_printed_date_is_read_in_its_language(text: str, value: str) -> None:
    assert [found for found, _ in dates_in(text)] == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # After midnight, and of which day is not said.
        ("2023年3月21日 晚上12:05", "2023-03-21"),
        ("2023年3月21日 晚上1:05", "2023-03-21"),
        ("2023年3月21日 晚上8点", "2023-03-21"),
        ("2023年3月21日 24:00", "2023-03-21"),
        ("March 21, 2023 at 3 p.m.", "2023-03-21"),
        ("2023年3月21日 共1862442人", "2023-03-21"),
    ],
)
def test_a_printed_day_stays_a_day_when_its_hour_is_not_clear(text: str, value: str) -> None:
    assert [found for found, _ in dates_in(text)] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3月21日",
        "2023年3月",
        "2023年13月1日",
        "2023年2月30日",
        "1899年1月1日",
        "9999年1月1日",
        "2023/3-21",
        "20230321",
        "tel. 12023-03-21",
        "0912/2023/03",
        "aprıl 5, 2023",
        "May 5",
        "Smarch 21, 2023",
        "3/5/2021",
        "21.05.21",
        "192.168.20.21",
        "21 people 2023",
    ],
)
def test_a_text_without_a_whole_date_gives_none(text: str) -> None:
    assert list(dates_in(text)) == []


def test_a_date_that_is_printed_right_behind_a_name_is_read_without_it() -> None:
    assert list(dates_in("By Jane RoeMay 3, 2024")) == [("2024-05-03", "May 3, 2024")]
    assert list(dates_in("by Jane RoeMonday, MAY 3, 2024")) == [("2024-05-03", "MAY 3, 2024")]
    assert list(dates_in("The Dismay 3, 2024")) == []


def test_every_date_of_a_text_is_given_in_order_as_printed() -> None:
    text = "2021-01-02（更新：2022年3月4日 05:06）, May 5, 2023; 6. Juni 2023"
    assert list(dates_in(text)) == [
        ("2021-01-02", "2021-01-02"),
        ("2022-03-04T05:06", "2022年3月4日 05:06"),
        ("2023-05-05", "May 5, 2023"),
        ("2023-06-06", "6. Juni 2023"),
    ]


def test_a_date_that_two_patterns_read_is_given_once_with_its_time() -> None:
    assert list(dates_in("2023-03-21 08:15")) == [("2023-03-21T08:15", "2023-03-21 08:15")]


@pytest.mark.parametrize(
    ("text", "order", "value"),
    [
        ("3/5/2021", "dmy", "2021-05-03"),
        ("3/5/2021", "mdy", "2021-03-05"),
        ("3-5-2021 14:05", "dmy", "2021-05-03T14:05"),
        ("3.5.21", "dmy", "2021-05-03"),
        ("21.05.03 14:05", "ymd", "2021-05-03T14:05"),
        ("5/13/2021", "dmy", "2021-05-13"),
    ],
)
def test_the_order_of_the_language_decides_where_numbers_do_not(text: str, order: Any, value: str) -> None:
    assert [found for found, _ in dates_in(text, order=order, short_years=True)] == [value]


@pytest.mark.parametrize(
    ("language", "host", "order"),
    [
        ("en-GB", "news.example.com", "dmy"),
        ("en-US", "news.example", "mdy"),
        ("en", "news.example.com", "mdy"),
        ("en", "news.example.co.uk", "dmy"),
        ("en-CA", "news.example.ca", None),
        ("en", "news.example.org", None),
        ("de", None, "dmy"),
        ("pt-BR", "news.example.com", "dmy"),
        ("zh-Hans", "news.example.com", "ymd"),
        (None, "news.example.de", "dmy"),
        (None, "news.example.jp", "ymd"),
        (None, "news.example.io", None),
        (None, None, None),
    ],
)
def test_language_and_domain_tell_the_order_of_a_numeric_date(
    language: str | None, host: str | None, order: str | None
) -> None:
    assert order_of(language, host) == order


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1679357700", "2023-03-21T00:15:00Z"),
        (" 1679357700000 ", "2023-03-21T00:15:00Z"),
        ("1862442", None),
        ("20230321", None),
        ("١٦٧٩٣٥٧٧٠٠", None),
        ("", None),
    ],
)
def test_a_count_of_seconds_is_a_moment_in_utc(text: str, value: str | None) -> None:
    assert epoch_date(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Tue Mar 21 2023 08:15:00 GMT+0800 (CST)", "2023-03-21T08:15:00+08:00"),
        ("Tue Mar 21 08:15:00 UTC 2023", "2023-03-21T08:15:00Z"),
        ("Tue Mar 21 08:15:00 CST 2023", "2023-03-21T08:15:00"),
        ("21.03.2023, 08:15:00", "2023-03-21T08:15:00"),
        ('"2023-03-21"', "2023-03-21"),
    ],
)
def test_a_date_as_programs_print_it_is_read(text: str, value: str) -> None:
    assert iso_date(text) == value


@pytest.mark.parametrize("name", ["auguſt", "AUGUST", "August"])
def test_a_month_is_known_in_every_case(name: str) -> None:
    assert iso_date(f"{name} 5, 2023") == "2023-08-05"


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://news.example/bnews/20230321/1862442.html", "2023-03-21"),
        ("https://news.example/20230321/1862442.html", "2023-03-21"),
        ("https://news.example/20230321/081500.html", "2023-03-21"),
        ("https://news.example/20230321", "2023-03-21"),
        ("https://news.example/a/t20230321_1862442.html", "2023-03-21"),
        ("https://news.example/2023/03/21/story.html", "2023-03-21"),
        ("https://news.example/2023/3/1/1.html", "2023-03-01"),
        ("https://news.example/2023-03-21-story", "2023-03-21"),
        ("https://news.example/2023-03-21T08:15/story", "2023-03-21"),
        ("https://news.example/202303/21/1.html", "2023-03-21"),
        ("https://news.example/n/2023-03/21/c_1.htm", "2023-03-21"),
        ("https://news.example/1949/10/01/story", "1949-10-01"),
        ("https://news.example/%32%30230321/1.html", "2023-03-21"),
        ("https://news.example/2023/march/21/story", "2023-03-21"),
        ("https://news.example/view/AKR20230321012300001", "2023-03-21"),
        ("https://news.example/cnt/dmf20230321_96887132", "2023-03-21"),
        ("https://news.example/a/20230321A01ABC00", "2023-03-21"),
        ("https://news.example/rivers/ferry-stops-20230321081500-nts.html", "2023-03-21"),
        ("https://news.example/23/0321/10/DPT4ABCD000187R2.html", "2023-03-21"),
        ("https://archive.example/web/20240503081500/https://news.example/2023/03/21/story", "2023-03-21"),
        ("/2023/03/21/story.html", "2023-03-21"),
    ],
)
def test_a_url_states_a_day_and_never_a_time(url: str, day: str) -> None:
    assert url_date(url) == day


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://[",
        "https://20230321.example/",
        "https://news.example/?day=20230321",
        "https://news.example/a#/20230321/1",
        "https://news.example/1862442.html",
        "https://news.example/202303211862442.html",
        "https://news.example/20230321081500.html",
        "https://news.example/ferry-202303218615.html",
        "https://news.example/rcna20230",
        "https://archive.example/web/20230321081500/https://news.example/story",
        "https://archive.example/20230321081500id_/https://news.example/story",
        "https://news.example/2023/03/1862442.html",
        "https://news.example/2023/13/21/",
        "https://news.example/20231321/",
        "https://news.example/20230230/1",
        "https://news.example/1899/01/01/",
        "https://news.example/18991231/1.html",
        "https://news.example/9999/01/01/",
        "https://news.example/99990101/1.html",
    ],
)
def test_a_url_without_a_day_in_its_path_states_none(url: str) -> None:
    assert url_date(url) is None


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ("2023-03-21T12:02Z", True),
        ("2023-03-21T12:01Z", False),
        ("2023-03-21T20:02+08:00", True),
        ("2023-03-21T20:01+08:00", False),
        # Without an offset it may have been written at UTC+14.
        ("2023-03-22T02:02", True),
        ("2023-03-22T02:01", False),
        ("2023-03-22", False),
        ("2023-03-23", True),
        ("2023-03", False),
        ("2023-04", True),
        ("2023", False),
        ("2024", True),
        ("9999-12-31", True),
        ("0001-01-01", False),
        ("soon", False),
        ("", False),
    ],
)
def test_a_value_is_later_only_when_it_is_later_everywhere_on_earth(value: str, after: bool) -> None:
    assert is_after(value, NOON) is after
    assert is_after(value, NOON.astimezone(timezone(timedelta(hours=-9)))) is after


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2023-03-21", "2023-03-21", True),
        ("2023-03-21T23:15", "2023-03-21T00:00+08:00", True),
        ("2023-03-21T23:15Z", "2023-03-22T00:00Z", False),
        ("2023", "2023-03-21", True),
        ("2023-03", "2023-04-21", False),
        ("2022", "2023-03-21", False),
    ],
)
def test_two_values_name_one_day_as_far_as_the_shorter_one_states(one: str, other: str, same: bool) -> None:
    assert same_day(one, other) is same
    assert same_day(other, one) is same


@pytest.mark.parametrize(
    ("value", "zone", "result"),
    [
        ("2023-03-21T08:15", "Asia/Shanghai", "2023-03-21T08:15+08:00"),
        ("2023-03-21T08:15:30", "Asia/Shanghai", "2023-03-21T08:15:30+08:00"),
        ("2023-01-01T08:15", "Europe/London", "2023-01-01T08:15+00:00"),
        ("2023-07-01T08:15", "Europe/London", "2023-07-01T08:15+01:00"),
        ("2023-07-01T08:15", "America/St_Johns", "2023-07-01T08:15-02:30"),
        ("2023-03-21T08:15Z", "Asia/Shanghai", "2023-03-21T08:15Z"),
        ("2023-03-21T08:15+09:00", "Asia/Shanghai", "2023-03-21T08:15+09:00"),
        ("2023-03-21", "Asia/Shanghai", "2023-03-21"),
        ("2023", "Asia/Shanghai", "2023"),
    ],
)
def test_a_zone_adds_an_offset_to_a_time_that_has_none(value: str, zone: str, result: str) -> None:
    assert with_zone(value, zone) == result


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2023, 3, 22, 8, 15, tzinfo=UTC), "2023-03-22T08:15:00Z"),
        (datetime(2023, 3, 22, 8, 15, 59, 999999, tzinfo=UTC), "2023-03-22T08:15:59Z"),
        (datetime(2023, 3, 22, 8, 15, tzinfo=timezone(timedelta(hours=9))), "2023-03-21T23:15:00Z"),
    ],
)
def test_the_time_of_a_fetch_is_written_in_utc_to_the_second(moment: datetime, text: str) -> None:
    assert fetched_text(moment) == text
    assert faults(Article(fetched_at=text)) == []


def test_a_fetch_at_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="has no zone"):
        fetched_text(datetime(2023, 3, 22))


@given(TEXTS)
def test_any_text_gives_a_date_of_the_form_of_a_row_or_none(text: str) -> None:
    value = iso_date(text)
    assert value is None or fits_a_row(value)


@given(TEXTS)
def test_any_text_gives_dates_of_the_form_of_a_row_each_as_printed_and_in_order(text: str) -> None:
    start = 0
    for value, raw in dates_in(text):
        assert fits_a_row(value)
        assert raw == raw.strip()
        start = text.index(raw, start) + len(raw)


@given(TEXTS, st.sampled_from([None, "dmy", "mdy", "ymd"]))
def test_in_any_order_a_text_gives_dates_of_the_form_of_a_row(text: str, order: Any) -> None:
    for value, raw in dates_in(text, order=order, short_years=True):
        assert fits_a_row(value)
        assert raw in text
        assert MAY_BE_DATED.search(raw)


@given(TEXTS)
def test_a_printed_date_has_no_offset_that_its_text_does_not_have(text: str) -> None:
    for value, raw in dates_in(text):
        zone = re.search(r"T.*(Z|[+-]\d\d:\d\d)$", value)
        assert zone is None or re.search(r"(?i)z|[+-]\d\d:?\d\d|utc|gmt|cest|edt", raw)
        assert "T" not in value or re.search(r"(?i)\d\D{1,8}\d\d", raw)


@given(URLS)
def test_any_url_gives_a_whole_day_or_none(url: str) -> None:
    day = url_date(url)
    assert day is None or (len(day) == 10 and fits_a_row(day))


@given(st.dates(min_value=date(1900, 1, 1)), st.sampled_from(["/{}/1862442.html", "/a/{}", "/{}"]))
def test_a_day_in_a_url_is_read_back_in_every_form(day: date, path: str) -> None:
    if day.year < 2100:
        assert url_date("https://news.example" + path.format(day.strftime("%Y/%m/%d"))) == day.isoformat()
    if 1950 <= day.year < 2100:
        assert url_date("https://news.example" + path.format(day.strftime("%Y%m%d"))) == day.isoformat()
    assert iso_date(day.isoformat()) == day.isoformat()


@given(TEXTS, TEXTS, st.datetimes(timezones=st.just(UTC)))
def test_any_two_texts_can_be_compared(one: str, other: str, moment: datetime) -> None:
    assert same_day(one, other) is same_day(other, one)
    assert is_after(one, moment) in (True, False)
    first = earliest_moment(one)
    assert first is None or first.utcoffset() == timedelta(0)


@given(TEXTS, ZONES)
def test_a_zone_keeps_what_was_stated_and_the_form_of_a_row(text: str, zone: str) -> None:
    value = iso_date(text)
    if value is not None:
        zoned = with_zone(value, zone)
        assert zoned.startswith(value)
        assert fits_a_row(zoned)
        assert with_zone(zoned, zone) == zoned
