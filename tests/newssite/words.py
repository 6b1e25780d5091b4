"""Sentences about towns that do not exist, in three languages, drawn from small grammars.

A grammar maps a symbol to its templates. ``{name}`` in a template stands for a template of the symbol
``name``, ``{#2-48}`` for a whole number from that range.
"""

# A template stands on one line, however long.

import random
import re
from dataclasses import dataclass

SLOT = re.compile(r"\{(?:#(\d+)-(\d+)|(\w+))\}")

Grammar = dict[str, list[str]]


def expand(rng: random.Random, grammar: Grammar, template: str) -> str:
    """Return *template* with every slot filled.

    >>> expand(random.Random(1), {"a": ["{b} and {b}"], "b": ["tea"]}, "Take {a}.")
    'Take tea and tea.'
    """

    def fill(match: re.Match[str]) -> str:
        low, high, name = match.groups()
        return expand(rng, grammar, rng.choice(grammar[name])) if name else str(rng.randint(int(low), int(high)))

    return SLOT.sub(fill, template)


def each(text: str) -> list[str]:
    """Return the parts between commas, or between spaces if there is no comma."""
    return text.split("," if "," in text else None)


def lines(block: str) -> list[str]:
    return [line.strip() for line in block.strip().splitlines()]


HANS: Grammar = {
    "town": each("临溪 砚桥 禾埠 青礁 柳坞 雁坪 桐湾 芦汀 麦岭 澄浦 枫塘 云岫 鹿洲 杉坳 梨川 苇泊 竹屿 盐田湾"),
    "thing": each(
        "渡轮夜班 旧粮仓改造 社区书屋 稻鱼共养 灯塔修缮 河堤步道 校车线路 集市搬迁 屋顶雨水收集 乡村诊所扩建 "
        "老戏台复建 果园滴灌 自行车借还点 公共浴场翻新 海藻养殖 风筝节 山路护栏更换 旧电车展馆 社区厨房 "
        "候鸟观测站 井水检测 手工造纸作坊 防潮闸门 露天影院 货运码头分流 夜间门诊 古桥测绘 茶厂转型"
    ),
    "org": each(
        "镇务委员会 渡运公司 文化馆 水利站 农技推广站 街道办 校董会 消防支队 公交集团 气象观测点 商会 "
        "供电所 环境监测中心 卫生院 渔业协会 规划办公室"
    ),
    "role": each("项目主管 值班站长 总务老师 领航员 技术员 馆长 会计 施工队长 护士长 调度员 农场主 志愿者召集人"),
    "folk": each("退休教师 面包店老板 摆渡人 养蜂人 中学生 修船师傅 花农 出租车司机 裁缝 早市摊主 邮递员 茶客"),
    "street": each("石板巷 南渡街 灯笼弄 水车路 旧糖厂宿舍 码头三号楼 槐树胡同 北坡新村 铁匠铺旁 望潮里"),
    "venue": each("周一的通气会 居民座谈会 现场说明会 季度例会 邻里恳谈 电话采访 工地旁的简短问答 公开听证"),
    "when": each("本周三 上月下旬 入夏以后 清明过后 今年头两个月 前天傍晚 五月第一个周末 连日阴雨之后 去年冬天"),
    "season": each("秋收 汛期 开学 台风季 年底 第一场霜 来年三月 端午"),
    "facility": each("候船亭 公共水井 旧仓库 过街天桥 蓄水池 图书角 垃圾转运点 充电棚 晒谷场 观景台"),
    "state": [
        "有些屋面已经渗水",
        "近半数没有无障碍坡道",
        "照明仍在使用老式线路",
        "雨天常常积水",
        "近十年没有大修",
        "维护费用逐年上升",
    ],
    "effect": [
        "早班比过去提前了一刻钟",
        "夜里的噪音少了许多",
        "买菜要多绕一个路口",
        "孩子放学后终于有了去处",
        "停车变得比以前困难",
        "家里的水压稳定下来",
        "码头边排队的人明显少了",
        "晚饭后出门散步的人多了",
    ],
    "quote": [
        "我们宁可慢一点，也要把账目算清楚",
        "大家最关心的不是速度，而是能不能一直办下去",
        "这件事拖了太久，现在总算有了眉目",
        "没有人愿意看到老房子空着",
        "天气不等人，材料必须先运进来",
        "图纸改了四遍，每一遍都请街坊看过",
        "钱要花在看得见的地方，也要花在看不见的管道里",
        "如果效果不好，我们会把它停下来",
    ],
    "doubt": [
        "养护经费从哪里来",
        "冬季客流能否撑得住开支",
        "招标文件为何两次改期",
        "旧设备拆下后放在何处",
        "周边租金会不会跟着上涨",
        "值班人手是否足够",
    ],
    "verb": each("获准动工 再度延期 进入试运行 征求意见 完成验收 缩减规模 迎来首批用户 更换承办方 重新招标 提前收尾"),
    "clause": [
        "居民盼尽早落定",
        "账目将逐月公开",
        "雨季成最大变数",
        "三成费用来自募捐",
        "老街坊各有想法",
        "首月来客超出预期",
        "邻镇也想照办",
        "细则仍待商议",
        "旧料大多留用",
        "工期缩短近半",
    ],
    "sentence": lines("""
        {town}{org}{when}公布的一份说明显示，{thing}的第一阶段已完成{#20-95}%，余下部分预计在{season}前收尾。
        按照安排，这项工作分{#2-6}批进行，每一批结束后由{org}到现场核对，再决定是否继续。
        “{quote}。”负责此事的{role}在{venue}上说。
        住在{street}的一位{folk}告诉记者，{when}起，{effect}。
        {town}现有{#41-90}处{facility}，其中{#2-40}处建于{#1950-1998}年以前，{state}。
        {org}估算，全部费用约为{#40-980}万元，其中{#5-35}%来自居民认捐，其余由{othertown}与{town}共同分担。
        也有人提出疑问：{doubt}。{org}答复说，将在{#2-9}周内给出书面解释。
        {when}，{othertown}派来{#3-18}人的小组，在{street}一带走访了{#20-300}户人家。
        一份由{org}整理的问卷收回{#120-4800}份，{#51-79}%的受访者赞成，{#3-20}%的人表示还要再看看。
        附近的{folk}则说，{effect}，不过{doubt}，谁也说不准。
        {thing}最早在{#1987-2016}年被提起，当时因为图纸遗失而搁置，直到{when}才重新列入清单。
        {role}解释，施工只在上午{#6-9}时至傍晚{#5-7}时之间进行，周末留给{folk}们出入。
        记录显示，{when}前后这里的日均人次为{#80-2600}，比上一季{updown}了{#2-38}%。
        “{quote}，”{org}的一位{role}一边翻看图纸一边说，“其余的事可以慢慢商量。”
        {othertown}三年前做过类似的尝试，结果{state}，后来不得不追加{#8-90}万元补救。
        为了不影响{season}，{org}把{facility}的改动放到最后，并预留了{#5-30}天的机动时间。
        目前，{facility}旁已经竖起告示牌，上面写着每天的进度和值班{role}的联系方式。
        下一次{venue2}定在{#3-28}日晚上，任何一位{folk}都可以旁听并提问。
    """),
    "updown": ["增加", "减少", "上升", "回落"],
    "venue2": ["说明会", "听证会", "街坊会", "例会"],
    "headline": lines("""
        {town}{thing}{verb} {clause}
        {town}{org}：{thing}{verb}，{clause}
        {thing}{verb}，{town}{folk}这样看
        走进{town}：一位{folk}与{thing}的{#2-30}年
        {thing}从{othertown}来到{town} {clause}
    """),
    "comment": lines("""
        住{street}的来说一句，{effect}。
        写得很细，只是{doubt}？
        我们{town}什么时候也能有？
        去年就听说了，希望{season}前真能弄好。
        支持，顺便问一句{facility}还开吗？
    """),
    "caption": lines("""
        {when}，{town}的{facility}旁，一位{folk}正在等候
        {thing}的模型在{org}一楼展出
        从{street}望去的{facility}
    """),
    "name": each("沈禾舟 魏堃 陆青蘅 乔雨棠 韩砚秋 邵临 温既白 祝星河 贺兰溪 岑晚舟 莫知夏 尹喆安 桑雨 卓以宁 舒望"),
    "source": each("临溪时报 青礁电讯 禾埠晚报 雁坪广播 梨川通讯社 澄浦周末 苇泊民声"),
    "tag": each(
        "渡轮 稻田 书屋 灯塔 集市 校车 诊所 戏台 果园 候鸟 古桥 茶厂 潮汐 夜班 捐款 招标 雨季 步道 "
        "手工业 民生账本 老街 渔港 小镇财政 邻里"
    ),
}

HANT: Grammar = {
    "town": each("霧浦 澄灣 鹿寮 石牆坪 南勢口 茶山坳 月眉洲 溪尾厝 風櫃嶺 竹圍埔 海墘 大礁頭 紅瓦庄 水碓仔"),
    "thing": each(
        "渡船加班 老穀倉活化 行動書車 梯田復耕 燈塔整修 海堤自行車道 幼兒園接駁 夜市搬遷 雨水回收 偏鄉巡迴診療 "
        "戲台重建 柑橘產銷班 共享單車站 公有澡堂翻修 牡蠣養殖 風箏祭 山徑護欄更換 糖鐵展示館 銀髮共餐"
    ),
    "org": each("鎮公所 漁會 農會 水利工作站 文化局 區公所 家長會 消防分隊 客運公司 衛生所 發展協會 觀光課"),
    "role": each("課長 站長 理事長 船長 技士 館長 總幹事 工地主任 護理長 調度員 里長 志工隊長"),
    "folk": each("退休老師 早餐店老闆 船工 養蜂人 高中生 修車師傅 花農 計程車司機 裁縫 攤商 郵差 茶農"),
    "street": each("廟口 舊鐵道旁 漁港二街 老榕樹下 碾米廠對面 河堤邊 眷舍巷 北坡 學府巷口 石階路"),
    "when": each("本週三 上月底 入夏之後 清明過後 今年頭兩個月 前天傍晚 連假首日 梅雨過後 去年冬天"),
    "season": each("秋收 汛期 開學 颱風季 年底 中元 端午 過年"),
    "facility": each("候船室 公共水井 舊倉庫 天橋 滯洪池 圖書角 資源回收站 充電站 曬穀場 觀景台"),
    "state": ["屋頂已經滲水", "近半數沒有無障礙坡道", "仍使用老舊線路", "下雨常淹水", "十年沒有大修"],
    "effect": [
        "頭班車提早了一刻鐘",
        "晚上安靜許多",
        "買菜得多繞一個路口",
        "孩子放學後終於有地方去",
        "停車比以前難",
        "水壓總算穩定",
    ],
    "quote": [
        "寧可慢一點，也要把帳算清楚",
        "鄉親在意的不是快，是能不能長久",
        "這件事拖太久，現在總算有眉目",
        "沒有人想看到老屋空在那裡",
        "颱風不等人，材料得先進場",
        "效果不好，我們就停下來檢討",
    ],
    "doubt": [
        "維護費從哪裡來",
        "冬天的客源夠不夠",
        "標案為何兩度流標",
        "拆下來的舊料放哪裡",
        "人手夠不夠輪班",
    ],
    "verb": each("獲准動工 再度延宕 開始試辦 徵詢民意 完成驗收 縮小規模 迎來首批旅客 更換團隊 重新招標 提前完工"),
    "clause": [
        "居民盼早日定案",
        "帳目按月公開",
        "雨季成最大變數",
        "三成經費靠募款",
        "老鄰居看法不一",
        "首月人潮超乎預期",
        "隔壁庄也想跟進",
        "細節仍待協商",
    ],
    "sentence": lines("""
        {town}{org}{when}提出的說明指出，{thing}第一階段已完成{#20-95}%，其餘預計{season}前收尾。
        依照規劃，工程分{#2-6}批進行，每批結束由{org}到場確認後，才決定是否續辦。
        「{quote}。」承辦的{role}受訪時表示。
        住在{street}的{folk}說，{when}起{effect}，大家慢慢習慣了。
        {town}目前有{#41-90}處{facility}，其中{#2-40}處蓋於民國{#45-88}年以前，{state}。
        {org}估計，總經費約{#120-3800}萬元，{#5-35}%來自民間捐款，其餘由{othertown}與{town}分攤。
        不過也有人質疑，{doubt}；{org}回應，{#2-9}週內會提出書面說明。
        {when}，{othertown}派出{#3-18}人小組，到{street}一帶訪查{#20-300}戶。
        {org}回收的{#120-4800}份問卷顯示，{#51-79}%受訪者贊成，{#3-20}%認為應再觀察。
        一旁的{folk}則認為，{effect}，但{doubt}，還要再看。
        {thing}早在民國{#76-105}年就有人提起，當時因圖說遺失而擱置，{when}才又列入清單。
        {role}說明，施工時間為上午{#6-9}點到下午{#4-6}點，週末讓{folk}們正常進出。
        統計顯示，{when}前後平均每天{#80-2600}人次，較上一季{updown}{#2-38}%。
        {othertown}三年前也辦過類似計畫，結果{state}，後來又追加{#8-90}萬元補救。
        為避開{season}，{org}把{facility}的部分排在最後，並保留{#5-30}天彈性。
        {facility}旁已立起告示牌，寫明每天進度與值班{role}的電話。
        下一場說明會訂於{#3-28}日晚間，{folk}都可以到場旁聽、提問。
    """),
    "updown": ["增加", "減少", "上升", "回落"],
    "headline": lines("""
        {town}{thing}{verb} {clause}
        {town}{thing}{verb}！{folk}：{clause}
        {thing}{verb} {town}{org}：{clause}
        影／走訪{town} {folk}與{thing}的{#2-30}年
        {othertown}經驗搬到{town} {thing}{verb}、{clause}
    """),
    "comment": lines("""
        我家就在{street}，真的{effect}。
        寫得很仔細，但是{doubt}？
        {town}什麼時候輪到我們？
        希望{season}前能弄好。
    """),
    "caption": lines("""
        {town}的{facility}旁，{folk}正在等候
        {thing}模型在{org}一樓展出
        從{street}看過去的{facility}
    """),
    "name": each("白露汀 連若棠 游沐禾 簡以澄 涂望舒 柯晴嵐 溫既明 卓雨汀 顏採薇 夏知遠"),
    "tag": each(
        "渡船 梯田 書車 燈塔 夜市 接駁車 巡迴診療 戲台 柑橘 候鳥 糖鐵 海堤 募款 標案 梅雨 步道 老屋 漁港 地方財政 里民"
    ),
}

ENGLISH: Grammar = {
    "town": each(
        "Wexmere,Callowby,Port Anselm,Thistledown,Marrowick,Easterhythe,Gannet Bay,Oldwater,Penhollow,"
        "Quillstead,Saltreach,Nether Combe,Larkford,Tidewell,Brackenholt,Drumlow"
    ),
    "thing": each(
        "late ferry,grain hall conversion,mobile library,oyster nursery,lighthouse repair,river path,"
        "school bus timetable,covered market,allotment scheme,cottage hospital annexe,bandstand,cider festival,"
        "tram museum,community kitchen,bird observatory,paper mill,tidal gate,open-air cinema,freight quay,"
        "footbridge survey,seed bank,swimming baths"
    ),
    "org": each(
        "town council,harbour board,parish library committee,drainage authority,growers’ co-operative,"
        "Fishers & Boatmen’s Guild,school governors,fire service,bus company,chamber of trade,"
        "planning office,health trust"
    ),
    "role": each(
        "clerk,harbour pilot,head gardener,treasurer,site foreman,duty manager,ward sister,surveyor,"
        "chief engineer,volunteer organiser"
    ),
    "folk": each(
        "retired teacher,baker,ferry deckhand,beekeeper,sixth-former,boat builder,florist,taxi driver,"
        "seamstress,market trader,postwoman,fruit grower"
    ),
    "street": each(
        "Lantern Row,Ropewalk Lane,Custom House Steps,Mill Sluice,the old sugar works,Upper Staithe,"
        "Chandler’s Yard,Plover Terrace"
    ),
    "when": each(
        "on Wednesday,late last month,after the spring tides,over the past two winters,since Easter,"
        "at the weekend,earlier this year,following a week of rain"
    ),
    "season": each("harvest,the autumn storms,the new school term,the first frost,midsummer,next March"),
    "facility": each(
        "waiting shelters,public wells,store sheds,footbridges,holding tanks,reading rooms,"
        "recycling yards,charging bays,drying floors,viewing platforms"
    ),
    "state": [
        "several of them with leaking roofs",
        "almost half without a ramp",
        "most still on their first wiring",
        "some of which flood every autumn",
        "none repaired for a decade",
    ],
    "effect": [
        "the first service leaves a quarter of an hour earlier",
        "the nights have become a good deal quieter",
        "shopping means a longer walk round the basin",
        "children have somewhere to go after lessons",
        "parking is harder than it used to be",
        "the queue along the quay has all but gone",
    ],
    "quote": [
        "We would rather be slow than be wrong about the money",
        "People do not ask how fast it goes, they ask whether it will last",
        "Nobody likes to see a good roof standing over an empty floor",
        "The weather will not wait for us, so the timber has to come first",
        "The drawings went round the street four times before anyone signed",
        "If it does not work, we shall stop and say so",
        "Half of what we spend is in pipes that no one will ever see",
    ],
    "doubt": [
        "who pays for upkeep",
        "whether winter takings will cover the wages",
        "why the tender was moved twice",
        "where the old fittings will be stored",
        "how many people are needed on each shift",
    ],
    "verb": each(
        "wins approval,delayed again,starts trial run,goes out to consultation,passes final inspection,"
        "scaled back,welcomes first visitors,put out to tender again,finishes ahead of plan"
    ),
    "clause": each(
        "neighbours hope for a quick decision,accounts to be published monthly,rain remains the worry,"
        "a third of the cost is donated,old hands disagree,first month beats forecast,details still open"
    ),
    "sentence": lines("""
        A note issued {when} by the {org} in {town} puts the first stage of the {thing} at {#20-95}% complete.
        The rest should be done before {season}, it says, though the {role} would not be held to a day.
        The work comes in {#2-6} parts, each to be passed by the {org} before the next may begin.
        “{quote},” said the {role} in charge.
        A {folk} who lives near {street} said that {when} she noticed the change: {effect}.
        {town} has {#41-90} {facility}, {#2-40} of them built before {#1950-1988}, {state}.
        The {org} expects to spend {#40-980} thousand crowns, of which {#5-35}% comes from donations.
        {othertown} and {town} have agreed to divide the remainder between them over {#2-7} years.
        Others asked {doubt}, and were promised an answer in writing within {#2-9} weeks.
        A party of {#3-18} came over from {othertown} {when} and called at {#20-300} doors around {street}.
        Of {#120-4800} forms returned to the {org}, {#51-79}% were in favour and {#3-20}% undecided.
        One {folk} was less sure, saying that {effect} but that no one could tell her {doubt}.
        The {thing} was first proposed in {#1987-2016}, then shelved when the plans went missing in a move.
        “{quote},” the {role} added, turning over a sheet of figures. “Everything else can be talked about.”
        Counts kept {when} show {#80-2600} people a day, {updown} {#2-38}% on the season before.
        {othertown} tried much the same three years ago and had to find another {#8-90} thousand to put it right.
        Changes to the {facility} have been left until last, with {#5-30} days in hand in case of gales.
        Boards beside the {facility} give each day’s progress and the name of the {role} on duty.
        The next open meeting is on the {#4-20}th, when any {folk} may speak for {#2-5} minutes.
        Work is allowed only between {#6-9} in the morning and {#4-6} in the afternoon, and never at weekends.
    """),
    "updown": ["up", "down"],
    "headline": lines("""
        {town} {thing} {verb} as {clause}
        {town} {thing} {verb}: {clause}
        ‘{quote}’: how {town} got its {thing}
        The {folk}, the {org} and the {town} {thing}
        Lessons from {othertown} as {town} {thing} {verb}
    """),
    "comment": lines("""
        I live by {street} and it is true that {effect}.
        Good piece, but it does not say {doubt}.
        When will {town} get one?
        Let us see whether it is ready by {season}.
    """),
    "caption": lines("""
        A {folk} waits beside the {facility} at {town}
        A model of the {thing} on show at the {org}
        The view towards {street} {when}
    """),
    "name": each(
        "Odile Marrowby,Tamsin Quillfeather,Jory Penhallick,Edda Thackermoor,Corin Wexley,Isolde Fennimarsh,"
        "Barnaby Saltquay,Maud Larkensop,Piers Oldwater-Finch,Hesper Vellacombe"
    ),
    "tag": each(
        "Ferries,Libraries,Harvest,Lighthouses,Markets,School buses,Health,Bandstands,Orchards,Birds,Bridges,"
        "Museums,Tides,Night work,Donations,Tenders,Weather,Paths,Crafts,Council accounts"
    ),
}

GRAMMARS = {"zh-Hans": HANS, "zh-Hant": HANT, "en": ENGLISH}


@dataclass(frozen=True, kw_only=True)
class Text:
    """The words of one story: no markup, no site."""

    language: str
    headline: str
    paragraphs: list[str]
    comments: list[str]
    caption: str
    town: str


def text(rng: random.Random, language: str) -> Text:
    """Return a story of 300 to 1,800 characters, or of 150 to 700 words if English."""
    words = GRAMMARS[language]
    town, other = rng.sample(words["town"], 2)
    local = {**words, "town": [town], "othertown": [other], "thing": [rng.choice(words["thing"])]}
    english = language == "en"
    target = rng.randint(170, 600) if english else rng.randint(320, 1550)
    joint = " " if english else ""
    paragraphs: list[str] = []
    length = 0
    deck: list[str] = []
    while length < target:
        sentences = []
        for _ in range(rng.randint(1, 4)):
            # Dealt like cards, so that a story does not say one thing three times.
            deck = deck or rng.sample(words["sentence"], len(words["sentence"]))
            sentences.append(expand(rng, local, deck.pop()))
        paragraph = joint.join(sentences)
        if english:
            paragraph = re.sub(r"(?:^|(?<=\. )|(?<=\.” ))[a-z]", lambda m: m[0].upper(), paragraph)
        paragraphs.append(paragraph)
        length += paragraph.count(" ") + 1 if english else len(paragraph)
    return Text(
        language=language,
        headline=expand(rng, local, "{headline}"),
        paragraphs=paragraphs,
        comments=[expand(rng, local, "{comment}") for _ in range(rng.randint(1, 4))],
        caption=expand(rng, local, "{caption}"),
        town=town,
    )
