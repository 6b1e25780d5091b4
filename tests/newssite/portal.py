"""A portal of the early two-thousands in GBK: tables, fonts, capitals and no metadata."""

# Markup is broken where elements end, not where lines do.

from html import escape
from typing import ClassVar

from newssite.plan import STATIC, Address, Listing, Story, section_path, sections
from newssite.template import Template, script, style

CLASSES = "f12 f14 f24 lh20 title01 body01 topnav leftbar rightbar hotlist rolllist linkbox adbox copyright pages"
PROMOTED = ["暑期驾训班团报优惠", "老牌照相馆全家福八折", "二手渔船买卖信息", "本周特价机票"]
INDENT = "　　"


class Portal(Template):
    platform: ClassVar[str] = "portal"
    encoding: ClassVar[str] = "gbk"
    rooted: ClassVar[bool] = True

    def anchor(self, address: Address, label: str, attributes: str = "") -> str:
        text = escape(label, quote=False)
        return f'<A HREF="{self.href(address)}"{attributes and " " + attributes}>{text}</A>'

    def document(self, title: str, main: str) -> str:
        return (
            '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
            '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\r\n'
            '<HTML xmlns="http://www.w3.org/1999/xhtml">\r\n<HEAD>\r\n'
            '<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=gb2312" />\r\n'
            f'<TITLE>{title}</TITLE>\r\n<STYLE TYPE="text/css"><!--\r\n{self.sheet}\r\n--></STYLE>\r\n'
            f'<SCRIPT LANGUAGE="javascript"><!--\r\n{self.script}\r\n//--></SCRIPT>\r\n</HEAD>\r\n'
            '<BODY BGCOLOR="#FFFFFF" LEFTMARGIN="0" TOPMARGIN="5">\r\n'
            f"{self.top}\r\n{main}\r\n{self.bottom}\r\n</BODY>\r\n</HTML>\r\n"
        )

    def furniture(self) -> tuple[str, str]:
        self.sheet = style(self.rng, CLASSES, 7000)
        self.script = script(self.rng, "banner", 8000)
        top = (
            '<TABLE WIDTH="950" BORDER="0" CELLSPACING="0" CELLPADDING="0" ALIGN="center"><TR><TD WIDTH="180">'
            f'{self.here("/", self.name)}</TD><TD ALIGN="right" CLASS="f12">会员登录 <INPUT NAME="user" SIZE="8" /> '
            '<INPUT TYPE="password" NAME="pass" SIZE="8" /> 手机版 邮箱 论坛</TD></TR></TABLE>\r\n'
            '<TABLE WIDTH="950" ALIGN="center" BGCOLOR="#E8F0FA" CLASS="topnav"><TR><TD ALIGN="center">'
            f"{' | '.join(self.navigation('class=f14'))}</TD></TR></TABLE>\r\n"
            '<DIV CLASS="adbox" ALIGN="center"><IMG SRC="/ad/950x90.gif" WIDTH="950" HEIGHT="90" BORDER="0" /></DIV>\r\n'
            '<TABLE WIDTH="950" BORDER="0" ALIGN="center"><TR VALIGN="top"><TD WIDTH="640">'
        )
        hot = "<BR />\r\n".join(f"·{self.anchor(link.address, link.title)}" for link in self.desk.popular)
        new = "<BR />\r\n".join(f"·{self.anchor(link.address, link.title)}" for link in self.desk.latest)
        friends = " ".join(f'<A HREF="http://friend{number}.example/">友情链接{number}</A>' for number in range(1, 25))
        foot = " | ".join(
            self.here(path, label)
            for path, label in zip(STATIC, ["关于本站", "联系方式", "隐私保护", "邮件订阅"], strict=True)
        )
        bottom = (
            '</TD><TD WIDTH="300" BGCOLOR="#F7F7F7" CLASS="rightbar"><TABLE WIDTH="100%"><TR><TD><B>点击排行</B></TD>'
            f'</TR><TR><TD CLASS="lh20">{hot}</TD></TR><TR><TD><B>最新滚动</B></TD></TR><TR><TD CLASS="lh20">{new}</TD>'
            '</TR></TABLE><DIV CLASS="adbox"><FONT COLOR="#999999">广告</FONT>'
            '<IMG SRC="/ad/300x250.gif" /></DIV></TD></TR></TABLE>\r\n'
            f'<DIV CLASS="linkbox" ALIGN="center">{friends}</DIV>\r\n'
            f'<DIV CLASS="copyright" ALIGN="center"><FONT SIZE="2">{foot} {self.hidden_rooms(("内部", "历史存档"))}<BR />'
            f"版权所有 {self.name} 1999-2024 电信业务经营许可证编号0000号 建议使用1024×768分辨率</FONT></DIV>"
            f"<SCRIPT>{script(self.rng, 'counter', 3500)}</SCRIPT>"
        )
        return top, bottom

    def article(self, story: Story) -> str:
        title = escape(story.text.headline, quote=False)
        section = dict(sections(self.platform))[story.section]
        crumbs = (
            f"{self.here('/', '首页')} &gt; {self.here(section_path(self.platform, story.section), section)} &gt; 正文"
        )
        parts = [self.shown_date(story)]
        if story.source:
            parts.append(f"来源：{story.source}")
        if story.authors:
            parts.append(f"作者：{story.authors[0]}")
        line = "　".join(parts)
        # Half of the pages use <br> for paragraphs, a third has no heading element.
        if story.look & 1:
            text = "<BR><BR>\r\n".join(INDENT + escape(text, quote=False) for text in story.text.paragraphs)
        else:
            text = "\r\n".join(f"<P>{INDENT}{escape(text, quote=False)}</P>" for text in story.text.paragraphs)
        picture = (
            f'<CENTER><IMG SRC="/pic/{story.published:%Y%m%d}/{story.id}.jpg" BORDER="1" ALT="" /><BR>'
            f'<FONT SIZE="2">{escape(story.text.caption, quote=False)}</FONT></CENTER>\r\n'
            if story.look & 2
            else ""
        )
        editor = '<P ALIGN="right"><FONT SIZE="2">（责任编辑：晓潮）</FONT></P>'
        body = f'<FONT SIZE="3" CLASS="lh20">{picture}{text}</FONT>\r\n{editor}'
        if story.look % 3 == 1:
            main = (
                f'<DIV CLASS="f12">{crumbs}</DIV><TABLE WIDTH="100%"><TR><TD ALIGN="center" CLASS="title01">'
                f'<FONT SIZE="5"><B>{title}</B></FONT></TD></TR><TR><TD ALIGN="center" BGCOLOR="#EEEEEE">'
                f'<FONT SIZE="2">{line}</FONT></TD></TR><TR><TD CLASS="body01" ID="zoom">{body}</TD></TR></TABLE>'
            )
        else:
            main = (
                f'<DIV CLASS="f12">{crumbs}</DIV><H1 ID="artibodyTitle">{title}</H1>\r\n'
                f'<DIV CLASS="from_info f12">{line}</DIV>\r\n<DIV ID="artibody">{body}</DIV>'
            )
        return self.document(f"{title}_{self.name}", main + self.after(story))

    def shown_date(self, story: Story) -> str:
        """Return the date as printed, of the three forms the portal's editions have had."""
        form = ["%Y年%m月%d日%H:%M", "%Y-%m-%d %H:%M", "%Y年%m月%d日"][story.look % 3]
        return story.published.strftime(form)

    def after(self, story: Story) -> str:
        related = "\r\n".join(f"<LI>{self.anchor(link.address, link.title)}</LI>" for link in story.related)
        promoted = "<BR />".join(self.promotions(PROMOTED, "target=_blank"))
        said = "".join(f"<P><B>网友</B>：{escape(text, quote=False)}</P>" for text in story.text.comments)
        return (
            f'<DIV CLASS="hotlist"><B>相关新闻</B><UL>{related}</UL></DIV>'
            f'<DIV CLASS="adbox"><FONT COLOR="red">推广</FONT><BR />{promoted}</DIV>'
            f'<TABLE WIDTH="100%" CLASS="f12"><TR><TD>【<A HREF="{self.share_url(story)}">推荐给朋友</A>】'
            '【<A HREF="javascript:window.print()">打印</A>】【<A HREF="javascript:window.close()">关闭窗口</A>】</TD></TR>'
            f"<TR><TD><B>网友评论</B>（以下网友留言只代表个人观点）{said}</TD></TR></TABLE>"
            '<DIV CLASS="f12">订阅手机早报：编辑短信到 0000 ，每日两条。</DIV>'
        )

    def listing(self, listing: Listing) -> str:
        rows = "\r\n".join(
            f'<TR><TD WIDTH="90"><IMG SRC="/pic/s/{story.id}.gif" WIDTH="80" /></TD><TD>'
            f"<H3>{self.anchor(story.entry, story.text.headline, 'target=_blank')}</H3>"
            f'<FONT SIZE="2">{escape(story.excerpt, quote=False)}</FONT> '
            f'<FONT COLOR="#888888">({story.published:%m-%d %H:%M})</FONT></TD></TR>'
            for story in listing.stories
        )
        main = (
            f'<B CLASS="f24">{escape(listing.title)}</B><TABLE CLASS="rolllist">{rows}</TABLE>'
            f'<DIV CLASS="pages">{self.pager(listing, "下一页")}</DIV>'
            f'<DIV CLASS="adbox">推广：{" ".join(self.promotions(PROMOTED))}</DIV>'
        )
        return self.document(f"{escape(listing.title)}_{self.name}", main)

    def plain(self, title: str, paragraphs: list[str]) -> str:
        body = "<BR><BR>".join(INDENT + text for text in paragraphs)
        return self.document(f"{title}_{self.name}", f'<FONT SIZE="5">{title}</FONT><BR>{body}')
