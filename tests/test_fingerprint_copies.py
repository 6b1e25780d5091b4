from __future__ import annotations

import hashlib
import random
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract import extract_article
from newscrawl.fingerprint import folded_digest
from newscrawl.fingerprint.copies import (
    ALGORITHM,
    BANDS,
    CONTAINED,
    CONTAINED_SHORT,
    Fingerprint,
    Relation,
    compare,
    fingerprint,
    leads_of,
)

ROOT = Path(__file__).parents[1]
ANY_TEXT = st.text(st.characters())

ZH = (
    "市图书馆星期二重新开放。馆长说，修缮工程用了十四个月，比计划多了两个月，因为屋顶的木梁在去年冬天的大雪中受损。"
    "新的阅览室在二楼，可以坐一百二十人，朝南的窗户换成了双层玻璃。儿童部搬到了一楼，那里以前是报纸库。"
    "旧报纸没有丢掉，它们被送到城北的仓库，读者可以提前一天预约。工程的费用由市政府和一家基金会分担，"
    "没有动用购书的经费。开放的第一天来了大约九百名读者，许多人带着孩子。一位住在附近的老人说，"
    "她等这一天等了很久，家里的书早就看完了。图书馆周一闭馆，其他日子从早上九点开到晚上八点。"
)
EN = (
    "The city library opened its doors again on Tuesday. The director said the repairs had taken fourteen months, two "
    "more than planned, because beams under the roof were damaged in the heavy snow of last winter. The new reading "
    "room on the second floor seats about a hundred people, and its southern windows now have double glass. The "
    "children moved to the ground floor, where old newspapers used to be kept. Nothing was thrown away: the papers are "
    "in a store north of the town and can be ordered a day ahead. The city and a foundation shared the costs, and no "
    "money meant for books was spent. Some nine hundred readers came on the first day, many of them with children. A "
    "woman who lives nearby said she had waited for this day for a long time and had read every book at home."
)
OTHER_ZH = (
    "渡轮公司宣布，从下个月起增加往返北岛的班次。早上第一班船六点半离开码头，最后一班晚上十点返回。票价不变，"
    "老人和学生仍然半价。公司发言人说，去年夏天排队的人太多，有的游客等了三个小时，今年要避免这种情况。"
    "北岛的居民欢迎这个决定，不过渔民担心新的航线离他们的网太近，要求港务局重新划定浮标的位置。"
)
OTHER_EN = (
    "The ferry company will run more boats to the northern island from next month. The first leaves the quay at half "
    "past six in the morning and the last returns at ten at night. Fares stay as they are, and pensioners and students "
    "pay half. A spokesman said that queues were too long last summer, when some visitors waited for three hours. "
    "People on the island welcomed the decision, but fishermen fear that the new route is too close to their nets."
)
BOTH = pytest.mark.parametrize(("text", "other"), [(ZH, OTHER_ZH), (EN, OTHER_EN)], ids=["zh", "en"])


def sentences(text: str) -> list[str]:
    mark = "。" if "。" in text else ". "
    return [part + mark for part in text.split(mark) if part]


def kind(one: str | None, other: str | None) -> str | None:
    relation = compare(fingerprint(one), fingerprint(other))
    return None if relation is None else relation.kind


def test_a_fingerprint_is_the_same_on_every_machine() -> None:
    prints = [fingerprint(text) for text in (ZH, EN, ZH + EN)]
    parts = [part for each in prints for part in (each.signature, each.grams, each.wide, each.slots)]
    parts += [repr((each.bands, each.anchors, each.length)).encode() for each in prints]
    assert ALGORITHM == "mh128-c5w3-32x4-win16/1"
    # A new value here means that fingerprints in stores no longer compare: raise the version in ALGORITHM.
    assert (
        hashlib.sha256(b"".join(parts)).hexdigest()
        == "fc94b092b362d06959d7d8b122bd2737b1dd47eb5d04672fa832db47711a0c64"
    )


@given(st.lists(st.booleans(), min_size=128, max_size=128))
def test_a_shared_band_is_told_without_its_number(changed: list[bool]) -> None:
    one = fingerprint(ZH)
    numbers = np.frombuffer(one.signature, "<u4") ^ np.array(changed, np.uint32)
    other = replace(one, signature=numbers.astype("<u4").tobytes())
    assert one.shares_band(other) is bool(set(one.bands) & set(other.bands))
    assert not one.shares_band(replace(one, signature=b""))
    assert not replace(one, signature=b"").shares_band(one)


def test_leads_of_many_texts_are_those_of_each() -> None:
    prints = [fingerprint(text) for text in (ZH, EN, ZH + EN)]
    together = leads_of(b"".join(each.signature for each in prints), b"".join(each.wide for each in prints)).tolist()
    apart = [each.leads.tolist() for each in prints]
    bands, anchors = [keys[:BANDS] for keys in apart], [keys[BANDS:] for keys in apart]
    assert together == [key for keys in (*bands, *anchors) for key in keys]
    assert [key >> 23 for key in prints[0].bands] == bands[0]
    assert all(0 <= key < 1 << 40 for key in together)
    # The least of many numbers are all small; what leads to them is not.
    assert max(anchors[0]) > 1 << 39
    assert leads_of(b"", b"").tolist() == []


def test_numbers_fit_a_signed_column_of_64_bits() -> None:
    each = fingerprint(ZH)
    assert (len(each.signature), len(each.bands)) == (512, 32)
    assert all(0 <= number < 2**63 for number in (*each.bands, *each.anchors))
    assert set(each.anchors) <= set(np.frombuffer(each.grams, "<u4").tolist())


@pytest.mark.parametrize("text", [None, "", " \n", "……！", "\ud800"])
def test_a_text_without_letters_is_no_copy_of_anything(text: str | None) -> None:
    each = fingerprint(text)
    assert (each.digest, each.signature, each.bands, each.anchors) == (None, b"", (), ())
    assert kind(text, text) is None
    assert kind(text, ZH) is None


@BOTH
def test_a_text_in_another_form_is_the_same_text(text: str, other: str) -> None:
    wide = "".join(chr(ord(ch) + 0xFEE0) if "!" <= ch <= "~" else ch for ch in text)
    assert compare(fingerprint(text), fingerprint(wide.upper())) == Relation(kind="exact", similarity=1.0)


@BOTH
def test_two_stories_are_not_related(text: str, other: str) -> None:
    assert kind(text, other) is None


@BOTH
def test_a_text_with_a_changed_sentence_is_near(text: str, other: str) -> None:
    parts = sentences(text)
    parts[2] = sentences(other)[1]
    relation = compare(fingerprint(text), fingerprint("".join(parts)))
    assert relation is not None
    assert relation.kind == "near"
    assert 0.44 <= relation.similarity < 1


@BOTH
def test_a_text_with_a_word_changed_here_and_there_is_near(text: str, other: str) -> None:
    rng = random.Random(7)
    words = list(text) if "。" in text else text.split()
    for place in rng.sample(range(len(words)), len(words) // 16):
        words[place] = "某" if "。" in text else "something"
    assert kind(("" if "。" in text else " ").join(words), text) == "near"


@BOTH
def test_a_part_of_a_text_is_contained_in_it_and_the_text_contains_the_part(text: str, other: str) -> None:
    parts = sentences(text)
    for part in ("".join(parts[: len(parts) // 2]), "".join(parts[len(parts) // 2 :])):
        relation = compare(fingerprint(part), fingerprint(text))
        assert relation is not None
        assert relation.kind == "contained"
        assert relation.similarity >= 0.7
        assert compare(fingerprint(text), fingerprint(part)) == relation.inverse == replace(relation, kind="contains")


@BOTH
def test_a_text_quoted_in_a_longer_one_is_contained_in_it(text: str, other: str) -> None:
    assert kind(other, text + other + text[:50]) == "contained"


@BOTH
def test_an_extended_text_contains_the_first_one(text: str, other: str) -> None:
    assert kind(text + other, text) == "contains"


@BOTH
def test_a_copy_shares_a_band_or_an_anchor_with_its_text(text: str, other: str) -> None:
    parts = sentences(text)
    whole, begin = fingerprint(text), fingerprint("".join(parts[: len(parts) // 2]))
    assert set(whole.anchors) & set(begin.anchors)
    parts[2] = sentences(other)[1]
    assert set(whole.bands) & set(fingerprint("".join(parts)).bands)


@pytest.mark.parametrize(("length", "words"), [(39, False), (20, True)], ids=["characters", "words"])
def test_texts_with_enough_in_common_in_a_row_have_an_anchor_in_common(length: int, words: bool) -> None:
    rng = random.Random(3)

    def noise(count: int) -> str:
        if words:
            return "".join(f"{rng.randrange(16**6):x}z " for _ in range(count))
        return "".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(count))

    for _ in range(50):
        common = noise(length)
        one, other = (fingerprint(noise(rng.randrange(100, 200)) + common + noise(150)) for _ in range(2))
        assert set(one.anchors) & set(other.anchors)


def test_the_two_editions_of_a_chinese_text_are_script_variants() -> None:
    traditional = opencc.OpenCC("s2t").convert(ZH)
    assert compare(fingerprint(ZH), fingerprint(traditional)) == Relation(kind="script_variant", similarity=1.0)
    # With the words of Taiwan, and a sentence of its own.
    taiwan = opencc.OpenCC("s2twp").convert(ZH + "读者也可以在网络上预约。")
    relation = compare(fingerprint(taiwan), fingerprint(ZH))
    assert relation is not None
    assert relation.kind == "script_variant"
    assert relation.similarity < 1


def test_a_short_text_is_compared_as_a_whole_only() -> None:
    short = "市图书馆星期二重新开放，馆长说修缮工程用了十四个月。"
    assert not fingerprint(short).signature
    assert kind(short, ZH[:12] + ZH[13:] + short) is None
    assert kind(short, short.replace("，", " ")) == "exact"
    assert kind("The library is open again.", "THE LIBRARY IS OPEN AGAIN") == "exact"


def test_fingerprints_of_two_algorithms_are_compared_by_their_digests_only() -> None:
    old = replace(fingerprint(ZH), algorithm="mh64/0")
    assert compare(old, fingerprint(ZH)) == Relation(kind="exact", similarity=1.0)
    assert compare(old, fingerprint(ZH + OTHER_ZH[:40])) is None


def weather_zh(rng: random.Random, day: int) -> str:
    sky, wind = ["晴", "多云", "阴", "小雨", "晴转多云"], ["北风", "南风", "东北风"]
    return (
        f"市气象台{3 + day // 30}月{1 + day % 30}日发布天气预报：今天白天{rng.choice(sky)}，{rng.choice(wind)}{rng.randint(1, 4)}级，"
        f"最高气温{rng.randint(8, 22)}度；夜间{rng.choice(sky)}，最低气温{rng.randint(-3, 8)}度，相对湿度{rng.randint(3, 9)}0%。"
        f"空气质量指数{rng.randint(30, 180)}。请市民关注最新的预警信息，早晚温差较大，外出注意添衣，户外作业人员请做好防护，"
        "驾车出行请减速慢行，保持车距，注意交通安全。"
    )


def weather_en(rng: random.Random, day: int) -> str:
    sky = rng.choice(["sunny", "cloudy", "mostly cloudy", "rainy"])
    return (
        f"The weather service forecasts {sky} skies on {['March', 'April'][day // 30]} {1 + day % 30}. Highs will reach "
        f"{rng.randint(50, 75)} degrees in the valley and {rng.randint(40, 60)} along the coast, with lows near "
        f"{rng.randint(30, 45)} overnight. Winds blow at {rng.randint(5, 20)} to {rng.randint(20, 35)} miles per hour. The "
        f"chance of rain is {rng.randint(1, 9)}0 percent. Drivers are asked to take care on mountain roads, and residents "
        "should check the latest advisories before they travel to the hills or out to sea in small boats."
    )


def market(rng: random.Random, day: int) -> str:
    return (
        f"{3 + day // 30}月{1 + day % 30}日收盘，沪指报{rng.randint(3000, 3300)}.{rng.randint(10, 99)}点，涨0.{rng.randint(10, 99)}%；"
        f"深成指报{rng.randint(11000, 12000)}.{rng.randint(10, 99)}点，跌0.{rng.randint(10, 99)}%。两市成交额合计"
        f"{rng.randint(7000, 9999)}亿元。本文内容仅供参考，不构成任何投资建议，投资者据此操作，风险自担。市场有风险，投资需谨慎，"
        "请投资者理性判断，独立决策，不要轻信所谓的内幕消息。"
    )


@pytest.mark.parametrize("template", [weather_zh, weather_en, market])
def test_a_form_filled_in_every_day_is_no_copy_of_itself(template) -> None:  # type: ignore[no-untyped-def]
    rng = random.Random(1)
    prints = [fingerprint(template(rng, day)) for day in range(60)]
    found = [compare(one, other) for one, other in combinations(prints, 2)]
    kinds = [relation.kind for relation in found if relation is not None]
    assert sum(kind != "template_sibling" for kind in kinds) <= 2
    # Without the guard these would be copies.
    assert len(kinds) > 20


def test_a_text_with_one_of_many_numbers_corrected_is_near() -> None:
    text = weather_zh(random.Random(1), 1) + ZH
    assert kind(text, text.replace("最高气温", "最高气温1")) == "near"


def flood(numbers: list[int], text: str) -> str:
    tolls = (
        "城东{}户停水，城西{}户停水，码头有{}人候船，医院收治{}人，学校安置{}人，"
        "志愿者来了{}名，水泵运到{}台，道路封闭{}条，公交改道{}班，列车晚点{}趟。"
    )
    return tolls.format(*numbers) + text


def test_a_story_whose_numbers_were_brought_up_to_date_is_near_and_a_list_of_numbers_is_not() -> None:
    before, after = [*range(101, 111)], [*range(101, 107), *range(207, 211)]
    assert kind(flood(before, ZH), flood(after, ZH)) == "near"
    assert kind(flood(before, ZH[:90]), flood(after, ZH[:90])) == "template_sibling"
    # More than half of the numbers differ.
    assert kind(flood(before, ZH), flood([*before[:4], *range(205, 211)], ZH)) == "template_sibling"


@pytest.mark.parametrize("host", ["www.bannedbook.org", "news.example"], ids=["profile", "generic"])
def test_a_notice_on_every_page_of_a_site_makes_no_copies(host: str) -> None:
    seed = (ROOT / "seeds" / "000_4626a4d9245be4f9.txt").read_text(encoding="utf-8")
    notice = seed[seed.index('<p class="notice">') : seed.index('<div class="entry">')]
    rng = random.Random(5)
    stories = [short_story(rng) for _ in range(60)]
    pages = [f"<h2>{story[:12]}</h2>{notice}<div class='entry'><p>{story}</p></div>" for story in stories]
    url = f"https://{host}/bnews/cbnews/20230321/18625"
    articles = [extract_article(page.encode(), f"{url}{number:02}.html") for number, page in enumerate(pages)]
    assert [folded_digest(article.article_body) for article in articles] == [folded_digest(story) for story in stories]
    prints = [fingerprint(article.article_body) for article in articles]
    assert all(each.signature for each in prints)
    assert [pair for pair in combinations(prints, 2) if compare(*pair) is not None] == []
    # Left in the text, the notice would make copies of some.
    words = re.sub("<[^>]+>", "", notice)
    noticed = [fingerprint(words + story) for story in stories]
    assert any(compare(*pair) for pair in combinations(noticed, 2))


WHO = [
    "市长",
    "渔民",
    "校长",
    "消防队",
    "邮局",
    "博物馆",
    "农场主",
    "学生",
    "船长",
    "裁判",
    "书店",
    "木匠",
    "面包师",
    "警方",
]
WHEN = ["星期一", "昨天夜里", "上个月底", "天亮以前", "开会的时候", "大雨之后", "今年春天", "晚饭前"]
DID = [
    "修好了",
    "忘记了",
    "找到了",
    "卖掉了",
    "看守着",
    "捐出了",
    "量过了",
    "画下了",
    "借走了",
    "藏起了",
    "称赞了",
    "抱怨过",
]
WHAT = ["通往山口的小路", "七十年前的信", "旧钟楼的钟", "三只受伤的天鹅", "新的路灯", "幼儿园的椅子", "水井的盖子", "丢失的地图",
        "末班车的时刻表", "流浪猫的小屋", "古老的陶罐", "邻村的木桥", "苹果树苗", "音乐会的海报"]  # fmt: skip


def short_story(rng: random.Random) -> str:
    """Sentences enough for a fingerprint; two stories have hardly a sentence in common."""
    return "".join("".join(map(rng.choice, (WHO, WHEN, DID, WHAT))) + "。" for _ in range(9))


@pytest.mark.parametrize(
    "text",
    ["1 " * 300_000, "一" * 300_000, "a" * 300_000, "①" * 100_000, EN * 200],
    ids=["numbers", "one character", "one word", "circled", "sentences"],
)
def test_the_fingerprint_of_a_long_text_stays_small(text: str) -> None:
    each = fingerprint(text)
    assert len(each.signature) in (0, 512)
    assert len(each.grams) + len(each.wide) + len(each.slots) < 100_000
    assert compare(each, fingerprint(text + "x")) is not None or not each.signature


@given(ANY_TEXT)
def test_any_text_is_the_same_as_itself(text: str) -> None:
    each = fingerprint(text)
    assert each.digest == folded_digest(text)
    relation = compare(each, fingerprint(text))
    assert relation == (None if each.digest is None else Relation(kind="exact", similarity=1.0))


PARTS = st.lists(
    st.sampled_from([*sentences(ZH), *sentences(EN), *sentences(OTHER_ZH), "1 ", "2、", "\n"]), max_size=14
)


@given(PARTS.map("".join), PARTS.map("".join))
def test_two_texts_are_to_each_other_what_the_inverse_says(one: str, other: str) -> None:
    there, back = compare(fingerprint(one), fingerprint(other)), compare(fingerprint(other), fingerprint(one))
    assert there == (None if back is None else back.inverse)
    assert there is None or 0 <= there.similarity <= 1


@given(PARTS.map("".join))
def test_a_fingerprint_is_a_value(text: str) -> None:
    one, other = fingerprint(text), fingerprint(text)
    assert one == other
    assert hash(one) == hash(other)
    assert (one.bands, one.anchors) == (other.bands, other.anchors)
    assert isinstance(one, Fingerprint)


GRAMS = st.sets(st.integers(0, 0xFFFFFFFE), max_size=60)


@given(GRAMS.filter(bool), GRAMS, st.integers(0, 60))
def test_a_part_is_told_by_the_share_of_its_grams_that_the_whole_has(
    part: set[int], others: set[int], count: int
) -> None:
    whole = others | set(sorted(part)[:count])
    one, other = (
        Fingerprint(
            digest=digest,
            script=None,
            length=length,
            signature=digest.encode() * 512,
            grams=np.array(sorted(grams), "<u4").tobytes(),
        )
        for digest, length, grams in (("a", 100, part), ("b", 1000, whole))
    )
    share = len(part & whole) / len(part)
    least = CONTAINED if len(part) >= 32 else CONTAINED_SHORT
    assert compare(one, other) == (Relation(kind="contained", similarity=round(share, 4)) if share >= least else None)
