"""Bylines in Chinese, Japanese and Korean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract.eastasian import byline_authors, is_post_line, signature_line, signed_by
from newscrawl.extract.names import names_in
from newscrawl.extract.surnames import is_han_name, is_hangul_name, is_japanese_name


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("记者：张三 编辑：李四 校对：王小五", ["张三"]),
        ("本报记者 张三 李四 王小五", ["张三", "李四", "王小五"]),
        ("记者 张三 实习生 李四", ["张三"]),
        ("本报实习生 张三 李四", ["张三", "李四"]),
        ("采访/撰文：张三", ["张三"]),
        ("采写：江岸记者 张三", ["张三"]),
        ("文｜渡口周刊 张三", ["张三"]),
        ("文/图 江岸晚报全媒体记者 张三", ["张三"]),
        ("文、图/江岸晚报记者 张三 通讯员 李四", ["张三"]),
        ("文／張三 圖／李四", ["張三"]),
        ("江岸新闻记者丨张三", ["张三"]),
        ("整合 江岸日报·渡口记者 张三", ["张三"]),
        ("每江记者 张三 每江编辑 李四", ["张三"]),
        ("江岸经济报道 张三 上海报道", ["张三"]),
        ("来源：江岸社 作者：张三", ["张三"]),
        ("作者：张三 访问统计：12", ["张三"]),
        ("张三 江岸中文记者", ["张三"]),
        ("【记者张三／台北报导】", ["张三"]),
        ("〔記者張三、李四／台北－新北連線報導〕", ["張三", "李四"]),
        ("2024/05/03 10:20 江岸報 記者張三／台北即時報導", ["張三"]),
        ("本報記者張三／華盛頓三日電", ["張三"]),
        ("（江岸社記者張三、李四台北3日電）", ["張三", "李四"]),
        ("國際中心／張三報導", ["張三"]),
        ("張三／綜合報導", ["張三"]),
        ("张三写于2024年5月3日", ["张三"]),
        ("本贴由张三于2024年5月3日16:12:21发表", ["张三"]),
        ("【北京＝山田太郎】", ["山田太郎"]),
        ("【ワシントン山田太郎】", ["山田太郎"]),
        ("【ワシントン=山田太郎、鈴木一郎】", ["山田太郎", "鈴木一郎"]),
        ("文・写真＝山田太郎", ["山田太郎"]),
        ("【モスクワ＝渡瀬川豊】", ["渡瀬川豊"]),
        ("ワシントン＝山田太郎", ["山田太郎"]),
        ("渡瀬川豊記者", ["渡瀬川豊"]),
        ("文／山田太郎、写真／鈴木一郎", ["山田太郎"]),
        ("（聞き手・山田太郎）", ["山田太郎"]),
        ("政治部 山田太郎", ["山田太郎"]),
        ("山田 太郎 : ライター", ["山田 太郎"]),
        ("山田太郎（編集委員）", ["山田太郎"]),
        ("論説委員 山田太郎", ["山田太郎"]),
        ("홍길동 선임기자", ["홍길동"]),
        ("홍길동 의학전문기자", ["홍길동"]),
        ("[나루데일리 홍길동 기자]", ["홍길동"]),
        ("(서울=나루통신) 홍길동 김철수 이영희 기자 =", ["홍길동", "김철수", "이영희"]),
        ("홍길동 기자, 김철수 기자", ["홍길동", "김철수"]),
        ("홍길동 경제부 기자", ["홍길동"]),
        ("글·사진 홍길동", ["홍길동"]),
        ("글 홍길동 사진 김철수", ["홍길동"]),
        ("기자명 홍길동 기자", ["홍길동"]),
        ("워싱턴/홍길동 특파원", ["홍길동"]),
    ],
)
def test_a_byline_names_its_authors(line: str, names: list[str]) -> None:
    assert byline_authors(line) == names


@pytest.mark.parametrize(
    "line",
    [
        "编辑 | 张三",
        "责编：张三、李四",
        "（記者張三攝）",
        "記者張三／攝影",
        "（圖／記者張三攝）",
        "編輯中心／綜合報導",
        "〔國際新聞中心／綜合報導〕",
        "（江岸社台北3日電）",
        "張三／核稿編輯",
        "作者：新浪财经",
        "作者：本报评论员",
        "记者了解到，渡轮停航两周",
        "记者：请问您怎么看待这个问题",
        "记者招待会",
        "会议于2024年召开",
        "王府于2024年5月重建",
        "高级记者",
        "資深記者",
        "会場＝東京体育館",
        "【ソウル時事】",
        "【北京＝時事】",
        "写真＝山田太郎",
        "編集：山田太郎",
        "사진=홍길동 기자",
        "편집=홍길동 기자",
        "디지털뉴스팀 기자",
        "이날 기자 회견에서",
        "홍길동 기자는 나루에 갔다",
    ],
)
def test_a_line_about_others_names_no_author(line: str) -> None:
    assert byline_authors(line) == []


@pytest.mark.parametrize(
    ("text", "last", "names"),
    [
        ("渡船停航两周。（江岸社记者张三）", True, ["张三"]),
        ("渡輪停航（編輯：張三）", True, []),
        ("渡輪停航。（張三攝）", True, []),
        ("【北京＝山田太郎】渡し船が運休した。", False, ["山田太郎"]),
        ("渡し船が運休した。（北京＝山田太郎）", True, ["山田太郎"]),
        ("【北京共同】渡し船が運休した。", False, []),
        ("渡し船が運休した。（ロイター＝共同）", True, []),
        ("[강변=나루통신]홍길동 기자 = 나룻배가 멈췄다.", False, ["홍길동"]),
        ("나룻배가 멈췄다. 홍길동 기자", True, ["홍길동"]),
        ("홍길동 기자는 나룻배가 멈췄다고 썼다.", False, []),
    ],
)
def test_the_edge_of_a_story_is_signed(text: str, last: bool, names: list[str]) -> None:
    assert signed_by(text, last=last) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("本报记者 张三 李四", ["张三", "李四"]),
        ("本报记者 张三 从渡口发回的消息说，渡船已经停航。", []),
        ("渡口的张三", []),
        ("本报记者\n张三", []),
    ],
)
def test_a_line_of_the_story_is_a_byline_only_where_it_says_nothing_else(text: str, names: list[str]) -> None:
    assert signature_line(text) == names


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("记者 张三 李四", ["张三", "李四"]),
        ("江岸社记者张三", ["张三"]),
        ("江岸報 記者張三", ["張三"]),
        ("記者張三／台北報導", ["張三"]),
        ("홍길동 기자, 김철수 기자", ["홍길동", "김철수"]),
        ("政治部 山田太郎", ["山田太郎"]),
        ("新浪财经", []),
        ("聯合新聞網", []),
        ("온라인뉴스팀", []),
        ("責任編輯：張三", []),
    ],
)
def test_a_value_of_metadata_names_people_not_outlets(value: str, names: list[str]) -> None:
    assert names_in(value) == names


def test_a_word_that_begins_like_a_surname_is_no_name() -> None:
    assert not any(map(is_hangul_name, ("서울", "한겨레", "기자명")))
    assert not any(map(is_han_name, ("国际", "张三摄", "新华社")))
    assert is_japanese_name("五十嵐 太郎")


@given(st.text(max_size=400))
def test_any_text_has_clean_names(text: str) -> None:
    found = byline_authors(text), signature_line(text), signed_by(text, last=True), signed_by(text, last=False)
    assert all(name and name == name.strip() and "\n" not in name for names in found for name in names)
    assert isinstance(is_post_line(text), bool)


@given(st.text(alphabet="记者張三文作者／/：（）【】＝、 于2024年홍길동기자=.山田太郎", max_size=200))
def test_text_made_of_the_parts_of_bylines_is_read_too(text: str) -> None:
    found = byline_authors(text), signature_line(text), signed_by(text, last=True), signed_by(text, last=False)
    assert all(isinstance(names, list) for names in found)


@pytest.mark.parametrize(
    "piece", ["记者", "張三／", "【北京＝", "홍길동 ", "홍길동·", "기자 ", "帖由", "2024 by ", "于2024"]
)
def test_a_long_line_is_read_in_time(piece: str) -> None:
    text = piece * 20_000
    assert byline_authors(text) + signed_by(text, last=True) + signature_line(text) is not None
    assert is_post_line(text) in (True, False)
