"""Names written in Chinese characters: common surnames, and words that only look like names."""

from __future__ import annotations

import re

_LONGEST_NAME = 50

HAN = r"\u3005\u3007\u4e00-\u9fff\U00020000-\U0003134f"
CJK = HAN + r"\u3041-\u30ff\uac00-\ud7a3"
CJK_OUTLET = re.compile(
    rf"编辑|編輯|編集|本站|本网|本網|本報|本报|本刊|佚名|未知|匿名|网站|網站|(?:网|網|报|報|社|台|臺|刊|局|厅|廳|部|处|處|院|会|會|署|县|省|版|号|频道|頻道|公司|集团|集團|中心|大学|大學"
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
    " 武田 上野 杉山 増田 平野 菅原 久保 小山 千葉 松井 岩崎 野口 桜井 木下 松尾 野村 菊地 佐野 大西 杉本 新井 浜田 古川 菅野 市川 水野 小松 島田 山内 西田 川口 服部 川崎 樋口 東 関 林 森 原 辻 堀 星".split()
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


def is_han_name(text: str) -> bool:
    """Return whether *text* can be a Chinese name in full: a surname, then one or two characters.

    >>> is_han_name("桑雨"), is_han_name("完"), is_han_name("图片")
    (True, False, False)
    """
    if text in _HAN_WORDS or not re.fullmatch(f"[{HAN}]{{2,4}}", text) or CJK_OUTLET.search(text):
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
