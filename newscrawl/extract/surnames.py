"""Names written in Chinese characters: common surnames, and words that only look like names."""

from __future__ import annotations

import re

_LONGEST_NAME = 50

HAN = r"\u3005\u3007\u4e00-\u9fff\U00020000-\U0003134f"
CJK = HAN + r"\u3041-\u30ff\uac00-\ud7a3"
KANA = r"\u3041-\u30ff"
CJK_OUTLET = re.compile(
    rf"^(?:新浪|搜狐|网易|網易|腾讯|凤凰|鳳凰|澎湃|财新|新华|新華|人民|中新|央视|中央|环球|環球|观察者|百度|今日头条)|(?:财经|財經|体育|體育|科技|娱乐|娛樂|军事|軍事|汽车|汽車|观察|觀察|工作室|客户端|客戶端|传媒|傳媒|评论员|評論員|智库|智庫|课题组|小组|小組|委员|記者|记者|委員会|支局|総局|本部|報導|报道|报导|報道)$"
    rf"|之声|之聲|之音|法广|法廣|新闻|新聞|奇摩|한겨레|뉴스[부팀]|(?:팀|취재부|편집부)$|编辑|編輯|編集|本站|本网|本網|本報|本报|本刊|佚名|未知|匿名|网站|網站|(?:网|網|报|報|社|台|臺|刊|局|厅|廳|部|处|處|院|会|會|署|县|省|版|号|频道|頻道|公司|集团|集團|中心|大学|大學"
    rf"|新聞|新闻|ニュース|デジタル|オンライン|通信|取材班|記者団|編集部|뉴스|신문|일보|방송|편집부?|온라인|디지털)$|广播|廣播|通讯|通訊|电视|電視|来源|來源|转载|轉載|管理员|管理員|责任|責任|特约|原创|整理|综合|綜合|图片|圖片|视频|視頻"
    rf"|点击|評論|评论|発表|提供|共同|(?:[{HAN}]{{2}})?(?:日|晚|早|周|时|時)(?:报|報)"
)

_SURNAMES = frozenset(
    "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何高林罗羅郑鄭梁谢謝宋唐许許韩韓冯馮邓鄧曹彭曾肖蕭萧田董袁潘于蒋蔣蔡余杜叶葉程苏蘇魏吕呂丁任沈姚卢盧姜崔"
    "钟鍾谭譚陆陸汪范金石廖贾賈夏韦韋傅方白邹鄒孟熊秦邱江尹薛闫阎閻段雷侯龙龍史陶黎贺賀顾顧毛郝龚龔邵万萬钱錢严嚴覃武戴莫孔向汤湯温溫康施文牛樊葛邢安齐齊易乔喬伍庞龐颜顏倪"
    "庄莊聂聶章鲁魯岳翟殷詹申欧歐耿关關兰蘭焦俞左柳甘祝包宁寧尚符舒阮柯纪紀梅童凌毕畢单單季裴霍涂成苗谷曲盛冉骆駱蓝藍路游辛靳管柴蒙鲍鮑华華喻祁蒲房滕屈饶饒解牟艾尤阳陽"
    "时時穆农農司卓古吉缪繆简簡车車项項连連芦蘆麦麥褚娄婁窦竇戚岑景党黨宫宮费費卜冷晏席卫衛米柏宗瞿桂全佟应應臧闵閔苟邬鄔边邊卞姬师師和仇栾欒隋商刁沙荣榮巫寇桑郎甄丛叢仲虞敖"
    "巩鞏明佘池查麻苑迟遲邝鄺官封谈談匡鞠惠荆荊乐樂冀郁胥南班储儲原栗燕楚鄢劳勞谌諶奚皮粟冼蔺藺楼樓盘盤满滿闻聞位厉厲伊仝区區郜海阚闞花权權强強帅帥屠豆朴盖蓋练練廉禹井祖漆巴丰豐支卿国國狄平计計索宣晋晉相"
)
_JAPANESE = frozenset(
    "佐藤 鈴木 高橋 田中 伊藤 渡辺 渡邊 渡部 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 斎藤 斉藤 齋藤 清水 山崎 阿部 池田 橋本 山下 石川 中島 前田 藤田 後藤 小川 岡田 村上 長谷川 近藤 石井"
    " 坂本 遠藤 藤井 青木 福田 三浦 西村 藤原 太田 松田 原田 岡本 中野 中川 小野 田村 竹内 金子 和田 中山 石田 上田 森田 柴田 酒井 工藤 横山 宮崎 宮本 内田 高木 谷口 安藤 丸山 今井 大野 高田 河野 藤本 小島 村田"
    " 武田 上野 杉山 増田 平野 菅原 久保 小山 千葉 松井 岩崎 野口 桜井 木下 松尾 野村 菊地 佐野 大西 杉本 新井 浜田 古川 菅野 市川 水野 小松 島田 山内 西田 川口 服部 川崎 樋口 東 関 林 森 原 辻 堀 星"
    " 平田 岩田 大塚 北村 高野 安田 中西 松岡 飯田 熊谷 久保田 永井 小池 吉川 早川 荒木 本田 内藤 岩本 大久保 松村 小西 矢野 平井 松原 中田 浅野 大橋 黒田 吉村 大島 田口 奥村 望月 片山 横田 篠原 三宅 荒井 大石 大川 小松 石原 須藤 石橋 岡崎 高山"
    " 榎本 土屋 古賀 田辺 秋山 西尾 白井 広瀬 廣瀬 宮田 伊東 児玉 鎌田 川村 岡村 西山 神田 小沢 小澤 大澤 大沢 馬場 関口 松浦 吉岡 根本 足立 山根 上原 沢田 澤田 荻野 三好 小田 飯塚 柳沢 北川 大谷 川上 黒木 永田 富田 平山 津田 篠田 細川 今村 松永"
    " 桑原 成田 大山 堀内 堀江 若林 神谷 川島 津村 牧野 八木 滝沢 森本 森下 森山 森川 岡 堤 谷 南 西 奥 峯 峰 泉 畑 柳 角田 坂井 坂口 本間 河合 河村 竹田 竹中 大竹 小倉 菊池 五十嵐 高瀬 寺田 梅田 村山 村井 江口 栗原 戸田 長尾 宮川 水谷 杉浦 飯島 青山 根岸 落合 石塚 平川 相馬 新田".split()
)
_COMPOUND = (
    "欧阳",
    "歐陽",
    "上官",
    "司马",
    "司馬",
    "诸葛",
    "諸葛",
    "皇甫",
    "司徒",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "夏侯",
    "端木",
    "东方",
)


_HAN_WORDS = frozenset(
    "国内 国际 关注 关闭 时政 时事 时评 时尚 时间 文化 文章 文萃 文艺 高清 高端 高考 安全 安徽 江苏 江西 温州 金华 金融 宁波 宁夏 常州 常委 成都 成功 唐山 黄石 黄金 万象 方案 方法 项目 连载 连线 单位 全国 全部 全文 全文完 全球"
    " 平台 平安 强国 边疆 农业 农村 华人 华夏 明星 卫生 卫视 应用 党建 党政 房产 石油 石家庄 程序 马上 车市 游戏 段子 武器 武汉 申请 计划 相关 相册 支持 解读 解析 海口 商业 商务 白领 任务 任命 言论 简介 简体 包装 司法 荣誉 丰富 盛典 和谐"
    " 广告 查看 查询 谈话 索引 官方 官网 连接 相亲 向导 宫斗 强烈 国家 國內 國際 國家 关于 關於 时讯 项目组 全景 平面 尤其 路线 车讯 包括 别墅 钱包 和平 严肃 沙龙 牛市 熊市 贺岁 元旦 方便 简单 简报 快讯 要闻 国防 国学 国企 国资委 江南 江北".split()
)


_HAN_NAME = re.compile(f"[{HAN}]{{2,4}}")
_HAN_LETTER, _HANGUL_LETTER, _CJK_LETTER = re.compile(f"[{HAN}]"), re.compile("[가-힣]"), re.compile(f"[{CJK}]")


def is_cjk(text: str) -> bool:
    """Return whether *text* holds Chinese, Japanese or Korean letters."""
    return not text.isascii() and _CJK_LETTER.search(text) is not None


def has_han(text: str) -> bool:
    """Return whether *text* holds Chinese characters."""
    return not text.isascii() and _HAN_LETTER.search(text) is not None


def has_hangul(text: str) -> bool:
    """Return whether *text* holds Korean syllables."""
    return not text.isascii() and _HANGUL_LETTER.search(text) is not None


def is_han_name(text: str) -> bool:
    """Return whether *text* can be a Chinese name in full: a surname, then one or two characters.

    >>> is_han_name("桑雨"), is_han_name("完"), is_han_name("图片")
    (True, False, False)
    """
    if text in _HAN_WORDS or not _HAN_NAME.fullmatch(text) or CJK_OUTLET.search(text):
        return False
    if text[-1] in "摄攝":
        return False
    return (len(text) <= 3 and text[0] in _SURNAMES) or (len(text) >= 3 and text.startswith(_COMPOUND))


def is_japanese_name(text: str) -> bool:
    """Return whether *text* can be a Japanese name in full: one of the common surnames, then up to three characters.

    >>> is_japanese_name("山田太郎"), is_japanese_name("敬称略")
    (True, False)
    """
    name = re.sub(r"\s", "", text[:_LONGEST_NAME])
    return any(
        name[:size] in _JAPANESE and 3 <= len(name) <= size + 3 and len(name) > size for size in (1, 2, 3)
    ) and not CJK_OUTLET.search(name)


def is_likely_han_name(text: str) -> bool:
    """Return whether *text* begins with a surname and is as long as a name, a given name of three included."""
    return is_han_name(text) or (len(text) == 4 and text[0] in _SURNAMES and is_han_name(text[:3]))


_HANGUL_SURNAMES = "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구나민진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용류량"
HANGUL_NAME = rf"(?:남궁|황보|제갈|사공|선우|독고)[가-힣]{{1,2}}|[{_HANGUL_SURNAMES}][가-힣]{{1,2}}"
"""A pattern of what can be a Korean name; :func:`is_hangul_name` knows the words that only look like one."""
_HANGUL_WORDS = frozenset(
    "서울 인천 경기 강원 전남 전북 경남 경북 제주 전주 진주 고양 성남 안양 안산 김해 양산 여수 천안 강릉 구미 원주 하남 김포 남원 나주 도쿄 홍콩 하노이 선양 유럽 남미 중동 정치 정치부 사회 사회부 경제 경제부 문화 문화부 국제 국제부 산업 산업부 사진"
    " 사진부 전국 전국부 한겨레 조선 연합 한국 미국 영국 독일 이날 현장 현직 전직 전문 선임 신임 여성 주요 해당 일부 외신 기자 기자단 기자명 방송 신문 온라인 오피니언 인턴 인턴기자 취재 취재팀 편집 편집국 편집부 유튜브 디지털 조세 전자 이코노 노동 종교 의학 과학 연예 연예부 스포츠 정리 영상 담당 소속 남자 여자 어느 어떤 모든 다른 우리 이들 여러 두명 지역 지방 시민 주말 주간 월간 공동 명예 원로 대표 선배 후배 동료 남성".split()
)


def is_hangul_name(text: str) -> bool:
    """Return whether *text* can be a Korean name in full: a surname, then one or two syllables.

    >>> is_hangul_name("홍길동"), is_hangul_name("서울")
    (True, False)
    """
    return text not in _HANGUL_WORDS and re.fullmatch(HANGUL_NAME, text) is not None
