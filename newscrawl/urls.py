"""URLs: read off a page, compared, named, and judged by their shape.

:func:`resolve` gives the URL to ask for, :func:`url_key` the form under which two URLs are the same page.
Both take any text and never raise.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache, wraps
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise
from typing import NamedTuple, TypeVar
from urllib.parse import quote, unquote

from publicsuffixlist import PublicSuffixList

from newscrawl.addresses import mapped_host, parse_address

URL_KEY_VERSION = 1
"""Raised with every change of the rules of :func:`url_key`: keys of different versions do not compare."""

# Longer URLs are not remembered: a cache is bounded by entries, and an entry must be small.
_REMEMBERED_LENGTH = 2000
# No server reads a longer one: it is data that somebody put into an address.
_LONGEST = 32_768

_Answer = TypeVar("_Answer")


def _remembered(ask: Callable[[str], _Answer]) -> Callable[[str], _Answer]:
    cached = lru_cache(maxsize=8192)(ask)

    @wraps(ask)
    def answer(url: str) -> _Answer:
        return cached(url) if len(url) <= _REMEMBERED_LENGTH else ask(url)

    return answer


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EDGES = "".join(map(chr, range(0x21))) + "\u00a0\u200b\u2028\u2029\u3000\ufeff"
_REMOVED = re.compile("[\t\n\r]+")
_SURROGATE = re.compile("[\ud800-\udfff]")

# What may stand unescaped is what w3lib leaves alone: scrapy.Request then asks for exactly this URL.
_SAFE = r"A-Za-z0-9\-._~!$&()*+,;=:@/"
_CLEAN_PATH = rf"/(?![^?#]*/(?:\.|%2E))(?!\.|%2E)(?:[{_SAFE}']++|%[0-9A-F]{{2}})*+"
_CLEAN_QUERY = rf"(?:\?(?:[{_SAFE}?]++|%[0-9A-F]{{2}})++)?"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_CLEAN_HOST = (
    rf"(?=[^/]{{4,253}}/)(?:(?:[a-z0-9_-]{{1,63}}\.)+[a-z][a-z0-9-]{{0,62}}|(?:{_BYTE}\.){{3}}{_BYTE})"
    r"(?:(?!:80/|:443/):(?:[1-5][0-9]{4}|[1-9][0-9]{1,3}))?"
)
_CLEAN = re.compile(rf"https?://{_CLEAN_HOST}{_CLEAN_PATH}{_CLEAN_QUERY}")

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_REFERENCE = re.compile(r"([^?#]*)(\?[^#]*)?(?:#(.*))?", re.DOTALL)
_URL = re.compile(r"(https?)://([^/]+?)\.?(:[0-9]+)?(/[^?#]*)(?:\?([^#]*))?(#.*)?")
_ESCAPE_PATH = re.compile(rf"%[0-9A-Fa-f]{{2}}|[^{_SAFE}'%]+")
_ESCAPE_QUERY = re.compile(rf"%[0-9A-Fa-f]{{2}}|[^{_SAFE}?%]+")
_ESCAPE_FRAGMENT = re.compile(rf"%[0-9A-Fa-f]{{2}}|[^{_SAFE}'?%]+")
_DOTS = {".": 1, "%2E": 1, "..": 2, ".%2E": 2, "%2E.": 2, "%2E%2E": 2}

_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::(0*[0-9]{0,5}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LONGEST_HOST = 254
"""The 253 characters of a DNS name and its trailing dot."""
_JOINERS = "\u200c\u200d"


class _Parts(NamedTuple):
    scheme: str
    host: str
    """Without a trailing dot; with the port where it is not the scheme's own."""
    path: str
    query: str
    fragment: str
    """With its ``#``, or empty."""


def resolve(base: str | None, href: str) -> str | None:
    """Return the absolute URL of *href* found on the page *base*, or None when it is no http(s) URL.

    Read as a browser reads it, with escapes in upper case and otherwise as published (``%2F`` and the bytes
    of a GBK query stay), and without user name, default port and fragment; ``#!`` and ``#/`` routes are kept.
    A host that no DNS name can have gives None, too, and so does an address of more than 32,768 characters.

    >>> resolve("https://news.example/2023/index.html", " ../国际/1.html#top ")
    'https://news.example/%E5%9B%BD%E9%99%85/1.html'

    Source: WHATWG URL Standard, basic URL parser.
    """
    if _CLEAN.fullmatch(href):
        return href
    base = link_base(base, href)
    if len(href) + len(base or "") > _REMEMBERED_LENGTH:
        return _resolve(base, href)
    return _remembered_resolve(base, href)


def _resolve(base: str | None, href: str) -> str | None:
    if len(href) > _LONGEST:
        return None
    text = _SURROGATE.sub("\ufffd", _REMOVED.sub("", href.strip(_EDGES)))
    given = _SCHEME.match(text)
    scheme = given[1].lower() if given else None
    if scheme not in (None, "http", "https"):
        return None
    found = _REFERENCE.fullmatch(text, given.end() if given else 0)
    if not text or found is None:
        return None
    head, query, fragment = found[1].replace("\\", "/"), found[2], _fragment(found[3])
    origin = _base(base) if base is not None else None
    if scheme is not None and (head.startswith("//") or origin is None or origin.scheme != scheme):
        return _absolute(scheme, head, query, fragment)
    if origin is None:
        return None
    if head.startswith("//"):
        return _absolute(origin.scheme, head, query, fragment)
    if not head and query is None:
        if not fragment:
            return None
        query = f"?{origin.query}"
    if not head:
        path = origin.path
    elif head.startswith("/"):
        path = _path(head)
    else:
        path = _path(origin.path.rpartition("/")[0] + "/" + head)
    return f"{origin.scheme}://{origin.host}{path}{_query(query)}{fragment}"


def link_base(base: str | None, href: str) -> str | None:
    """Return the part of *base* that decides what *href* leads to: with it :func:`resolve` gives the same URL.

    Links with the same target on every page of a site have the same answer there, so that it can be remembered.
    """
    if base is None or href.startswith(("http://", "https://")):
        return None
    return _origin(base) if href.startswith("/") else base


@lru_cache(maxsize=256)
def _origin(base: str) -> str:
    """Return *base* up to the slash before its path; *base* itself where that is not so simple."""
    end = base.find("/", 8)
    return base[: end + 1] if end > 0 and base.startswith("http") and "\\" not in base[:end] else base


_remembered_resolve = lru_cache(maxsize=8192)(_resolve)


@lru_cache(maxsize=256)
def _base(base: str) -> _Parts | None:
    """Return the parts of the page's own URL, its host as it stands."""
    url = resolve(None, base)
    return _split(url)._replace(host=url.split("/", 3)[2]) if url else None


def _split(url: str) -> _Parts:
    """Return the parts of *url*, a result of :func:`resolve`."""
    found = _URL.fullmatch(url)
    assert found is not None, url
    scheme, host, port, path, query, fragment = found.groups(default="")
    return _Parts(scheme, host + port, path, query, fragment)


def _absolute(scheme: str, head: str, query: str | None, fragment: str) -> str | None:
    authority, slash, path = head.lstrip("/").partition("/")
    found = _AUTHORITY.fullmatch(authority.rpartition("@")[2])
    host = _host(found[1]) if found else None
    if found is None or host is None:
        return None
    port = int(found[2].lstrip("0") or "0") if found[2] else _DEFAULT_PORTS[scheme]
    if not 0 < port < 65536:
        return None
    suffix = "" if port == _DEFAULT_PORTS[scheme] else f":{port}"
    return f"{scheme}://{host}{suffix}{_path(slash + path)}{_query(query)}{fragment}"


def _host(text: str) -> str | None:
    """Return the host in the one form in which it is asked for: ASCII, lower case, addresses in full."""
    if text.startswith("["):
        address = None if "%" in text else parse_address(text)
        return f"[{_v6(address)}]" if isinstance(address, IPv6Address) else None
    host = mapped_host(text)
    # Punycode is never shorter, and takes its time for a long name.
    if len(host) > _LONGEST_HOST:
        return None
    labels = host.removesuffix(".").split(".")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        address = parse_address(host)
        return str(address) if isinstance(address, IPv4Address) else None
    dot = "." if host.endswith(".") else ""
    ascii_labels = [_ascii_label(label) for label in labels]
    if not all(map(_LABEL.fullmatch, ascii_labels)):
        return None
    host = ".".join(ascii_labels) + dot
    return host if len(host) <= _LONGEST_HOST else None


def _v6(address: IPv6Address) -> str:
    # str() writes an IPv4-mapped address in one way up to Python 3.12 and in another from 3.13 on.
    if address.ipv4_mapped is not None:
        number = int(address.ipv4_mapped)
        return f"::ffff:{number >> 16:x}:{number & 0xFFFF:x}"
    return str(address)


def _ascii_label(label: str) -> str:
    """Return *label* in Punycode, or "" when it holds what no host name may hold."""
    if label.isascii():
        return label
    if label.startswith("xn--") or not all(map(_may_be_in_host, label)):
        return ""
    return "xn--" + label.encode("punycode").decode("ascii")


def _may_be_in_host(ch: str) -> bool:
    if ch.isascii():
        return _LABEL.fullmatch(ch) is not None
    category = unicodedata.category(ch)
    return ch in _JOINERS or (category[0] not in "CZ" and ch not in "\ufffc\ufffd")


def _escaped(match: re.Match[str]) -> str:
    text = match[0]
    return text.upper() if text.startswith("%") else quote(text, safe="")


def _path(path: str) -> str:
    return _without_dots(_ESCAPE_PATH.sub(_escaped, path)) or "/"


def _without_dots(path: str) -> str:
    """Return *path* with its ``.`` and ``..`` segments resolved, escaped dots among them."""
    if "/." not in path and "/%2E" not in path:
        return path
    kept: list[str] = []
    first, *segments = path.split("/")
    for segment in segments:
        dots = _DOTS.get(segment, 0)
        if dots == 2 and kept:
            kept.pop()
        if not dots:
            kept.append(segment)
    if _DOTS.get(segments[-1], 0):
        kept.append("")
    return "/".join([first, *kept])


def _query(query: str | None) -> str:
    """Return *query*, which begins with its ``?``, escaped; an empty one is left out."""
    escaped = _ESCAPE_QUERY.sub(_escaped, (query or "?")[1:])
    return f"?{escaped}" if escaped else ""


def _fragment(fragment: str | None) -> str:
    """Return the fragment with its ``#`` when it is the route of a one-page site, else ""."""
    if not fragment or len(fragment) == 1 or fragment[0] not in "!/":
        return ""
    return "#" + _ESCAPE_FRAGMENT.sub(_escaped, fragment)


# The key ------------------------------------------------------------------------------------------------

# A path alone, without anything that a rule below could change.
_PLAIN = re.compile(
    rf"(?!.*(?:ampproject|-amp\.|/amp/))https?://{_CLEAN_HOST}/(?!\.|.*/\.)[A-Za-z0-9\-._~!$()*+,=:@/']*"
)
_ENTITY = re.compile(r"&(?:amp;|#0*38;)+", re.IGNORECASE)
_ENTITY_OF_NAME = re.compile(r"(?:amp;)+", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9A-F]{2})?")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SESSION_IN_PATH = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)

_AMP_HOST = re.compile(r"(?:[a-z0-9_.-]+\.)?(?:cdn\.ampproject\.org|bing-amp\.com)")
_AMP_PATH = re.compile(r"/[cv]/(s/)?(.+)")
_AMP_VIEWER_HOST = re.compile(r"www\.google\.[a-z.]+")
_AMP_VIEWER_PATH = re.compile(r"/amp/(s/)?(.+)")

# Parameters that only say how the reader came to the page, in lower case. A name joins the list when it means
# this on every site; `ref`, `source`, `s` and the like do not.
_TRACKING = _words("""
    fbclid gclid gclsrc gbraid wbraid dclid msclkid yclid ysclid twclid ttclid irclickid rb_clickid li_fat_id
    igshid igsh srsltid _ga _gl mc_cid mc_eid mkt_tok vero_id vero_conv oly_enc_id oly_anon_id _openstat xtor
    __s __hstc __hssc __hsfp hsctatracking ml_subscriber ml_subscriber_hash wickedid s_cid epik
    pk_campaign pk_kwd pk_keyword pk_source pk_medium pk_content pk_cid pk_cpn pk_group pk_placement
    piwik_campaign piwik_kwd piwik_keyword matomo_campaign matomo_kwd
    spm scm bd_vid hmsr hmpl hmcu hmkw hmci hmmd isappinstalled wxshare_count share_token tt_from
    amp_js_v amp_gsa usqp
    phpsessid jsessionid sessionid session_id asp.net_sessionid cfid cftoken
""")
_TRACKING_PREFIXES = ("utm_", "at_", "mtm_", "fb_", "_hs", "aspsessionid")
# WeChat and Weibo write where a link was shared; any other value of `from` may choose the content.
_SHARED_FROM = _words("timeline groupmessage singlemessage weibo wechat weixin qzone")
_TRACKING_AT = {
    host: _words(names)
    for host, names in {
        "sina.com.cn": "cre mod loc r rfunc tj tr wm vt pos sudaref",
        "sina.cn": "cre mod loc r rfunc tj tr wm vt pos sudaref",
        "weibo.com": "from wm luicode lfid featurecode refer_flag sourcetype launchid jumpfrom sudaref",
        "weibo.cn": "from wm luicode lfid featurecode refer_flag sourcetype launchid jumpfrom sudaref",
        "weixin.qq.com": "chksm scene subscene ascene mpshare srcid sharer_sharetime sharer_shareid "
        "sharer_shareinfo sharer_shareinfo_first exportkey pass_ticket wx_header key uin devicetype version "
        "lang nettype abtest_cookie session_us clicktime enterid fontgear rd2werd click_id from",
        "qq.com": "pgv_ref adtag ptag pvid suid devid qimei shareto openwith pac_uid",
        "toutiao.com": "wid app timestamp use_new_style req_id share_did share_uid log_from category_new",
        "163.com": "clickfrom spss spssid spsw spsr isfromotherweb",
        "sohu.com": "_f _trans_ pvid edtsign edtcode",
        "ifeng.com": "_cpb_xinxiliu _zbs_baidu_dk _zbs_baidu_bk srctag",
        "baidu.com": "wfr for isbdboxshare rcptid",
        "nytimes.com": "smid smtyp emc campaign_id instance_id segment_id user_id regi_id nl te "
        "referringsource searchresultposition rref clicksource",
        "bbc.com": "ocid ns_mchannel ns_source ns_campaign ns_linkname ns_fee intlink_from_url",
        "bbc.co.uk": "ocid ns_mchannel ns_source ns_campaign ns_linkname ns_fee intlink_from_url",
        "theguardian.com": "cmp cmp_tu",
    }.items()
}


def url_key(url: str) -> str:
    """Return the strict canonical form of *url*: two URLs with one key are one page.

    Drops what cannot choose the content (tracking parameters, session ids, plain fragments, the spelling of
    host, escapes and parameter order) and nothing else: http and https, www, a trailing slash and unknown
    parameters stay apart. What is no URL comes back stripped.

    >>> url_key("HTTPS://News.Example:443/a;jsessionid=1?b=2&amp;a=1&utm_source=x#top")
    'https://news.example/a?a=1&b=2'
    """
    if _PLAIN.fullmatch(url):
        return url
    return _key(url)


@_remembered
def _key(url: str) -> str:
    clean = resolve(None, _ENTITY.sub("&", url))
    if clean is None:
        return url.strip(_EDGES)
    origin, rest = clean[: clean.index("/", 8)], clean[clean.index("/", 8) :]
    # After decoding, because "&%61mp;" is an entity too, and in this order a key is its own key.
    parts = _split(origin + _ENTITY.sub("&", _ESCAPE.sub(_decoded, rest)))
    path = _without_dots(_SESSION_IN_PATH.sub("", parts.path))
    parts = _without_amp_cache(parts._replace(path=path))
    query = _kept_parameters(parts.host.partition(":")[0], parts.query)
    return f"{parts.scheme}://{parts.host}{parts.path}{'?' if query else ''}{query}{parts.fragment}"


def _decoded(match: re.Match[str]) -> str:
    """Return an unreserved character for its escape; any other escape stays, a lone ``%`` becomes one."""
    if match[1] is None:
        return "%25"
    ch = chr(int(match[1], 16))
    return ch if ch in _UNRESERVED else match[0]


def _without_amp_cache(parts: _Parts) -> _Parts:
    """Return the publisher's URL for a copy in an AMP cache. A cache of a cache is left alone."""
    found = None
    if _AMP_HOST.fullmatch(parts.host):
        found = _AMP_PATH.fullmatch(parts.path)
    elif _AMP_VIEWER_HOST.fullmatch(parts.host):
        found = _AMP_VIEWER_PATH.fullmatch(parts.path)
    if found is None:
        return parts
    target = resolve(None, f"{'https' if found[1] else 'http'}://{found[2]}")
    if target is None:
        return parts
    inner = _split(target)
    if _AMP_HOST.fullmatch(inner.host) or _AMP_VIEWER_HOST.fullmatch(inner.host):
        return parts
    return inner._replace(query=parts.query, fragment=parts.fragment)


def _kept_parameters(host: str, query: str) -> str:
    if not query:
        return ""
    here = _tracking_at(host)
    kept = []
    for parameter in query.split("&"):
        # "?amp;page=2": the entity of a link whose first parameter was taken out.
        if entity := _ENTITY_OF_NAME.match(parameter):
            parameter = parameter[entity.end() :]
        name, _, value = parameter.partition("=")
        if parameter and not _is_tracking(name.lower(), value.lower(), here):
            kept.append((name, parameter))
    # By name only: the order of k=1&k=2 may be the order of what the page shows.
    kept.sort(key=lambda pair: pair[0])
    return "&".join(parameter for _, parameter in kept)


def _is_tracking(name: str, value: str, here: frozenset[str]) -> bool:
    return (
        name in _TRACKING
        or name in here
        or name.startswith(_TRACKING_PREFIXES)
        or (name == "from" and value in _SHARED_FROM)
    )


@lru_cache(maxsize=1024)
def _tracking_at(host: str) -> frozenset[str]:
    labels = host.split(".")
    names: frozenset[str] = frozenset()
    for position in range(len(labels)):
        names |= _TRACKING_AT.get(".".join(labels[position:]), frozenset())
    return names


def url_id(key: str) -> str:
    """Return the id of a row: the hex SHA-256 of *key*, a result of :func:`url_key`."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


# The host -----------------------------------------------------------------------------------------------

_HOST = re.compile(r"https?://((?:[a-z0-9_-]{1,63}\.)+[a-z][a-z0-9-]*)(?=[/?#]|\Z)")


def host_of(url: str) -> str:
    """Return the host of *url* in lower case, without port, brackets or trailing dot; "" when it has none."""
    found = _HOST.match(url)
    return found[1] if found else _unusual_host(url)


@_remembered
def _unusual_host(url: str) -> str:
    clean = resolve(None, url)
    if clean is None:
        return ""
    host = _split(clean).host
    if host.startswith("["):
        return host[1 : host.index("]")]
    return host.partition(":")[0]


@cache
def _suffixes() -> PublicSuffixList:
    # The list inside the package: nothing is fetched. Its private part makes every blog of a hoster a site.
    return PublicSuffixList()


def site_of(url: str) -> str:
    """Return the registrable domain of *url*; for an address, a bare name or a public suffix the host itself.

    >>> site_of("https://finance.sina.com.cn/a"), site_of("http://127.0.0.1:8000/")
    ('sina.com.cn', '127.0.0.1')
    """
    return _site(host_of(url))


@lru_cache(maxsize=4096)
def _site(host: str) -> str:
    if "." not in host or ":" in host or parse_address(host) is not None:
        return host
    return _suffixes().privatesuffix(host) or host


# The shape ----------------------------------------------------------------------------------------------

_TAGS = _words("tag tags topic topics keyword keywords label labels 标签 標籤 话题 話題")
_LISTINGS = _words("""
    category categories cat author authors search login logout signin signup register user users member
    members feed rss atom comments wp-json wp-content wp-includes wp-admin wp-login.php xmlrpc.php cgi-bin
    static assets
""")
_ARTICLES = _words("article articles story stories")
_INDEX = _words("index default home list latest all archive archives")
_ASSET = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|bmp|tiff?|css|m?js|json|xml|rss|atom|txt|pdf|docx?|xlsx?|pptx?|epub"
    r"|zip|rar|7z|gz|tar|apk|exe|dmg|mp3|m4a|ogg|wav|mp4|m3u8|m4v|webm|mov|avi|flv|woff2?|ttf|eot|swf)$"
)
_EXTENSION = re.compile(r"\.(?:[sx]?html?|php|aspx?|jspx?|do|amp)$")
_YEAR, _MONTH, _DAY = r"(?:19|20)[0-9]{2}", r"(?:1[0-2]|0?[1-9])", r"(?:3[01]|[12][0-9]|0?[1-9])"
_MONTH2, _DAY2 = r"(?:1[0-2]|0[1-9])", r"(?:3[01]|[12][0-9]|0[1-9])"
# /2023/03/21 /2023-03-21 /2023-03/21 /2023_03_21 /20230321 /2023/0321 /202303/21; without a day: /2023/03 ...
_DATE = re.compile(
    rf"/(?:{_YEAR}[-_/]{_MONTH}[-_/]{_DAY}|{_YEAR}/?{_MONTH2}/?{_DAY2}|{_YEAR}[-_/]?{_MONTH2}|{_YEAR}/{_MONTH})(?=/|\Z)"
)
_DATED_NUMBER = re.compile(rf"{_YEAR}{_MONTH2}(?:{_DAY2})?|{_YEAR}")
_ENDS_IN_ID = re.compile(r"(?<![0-9])[0-9]{5,}$")
_NUMBERED_PATH = re.compile(
    r"/(?:news|post|posts|archives?|content|detail|thread|node|read|view|show|item|a|p)/[0-9]+$"
)
_ID_PARAMETER = re.compile(
    r"(?:^|&)(?:id|aid|nid|sid|newsid|news_id|articleid|article_id|docid|contentid|storyid|story_id)=[0-9]+(?:&|$)"
)
_POST_PARAMETER = re.compile(r"(?:^|&)p=[0-9]+(?:&|$)")
_LISTING_PARAMETER = re.compile(r"(?:^|&)(?:s|q|cat|tag|author|feed|paged|replytocom)=")
_SLUG_WORDS = re.compile(r"[-_]")
_HOUSE_PAGES = ("privacy-", "terms-", "cookie-")
_HAN = re.compile("[\u3400-\u9fff]")


def _segments(url: str) -> tuple[tuple[str, ...], str]:
    """Return the path of *url*, decoded, in lower case and without empty segments, and its query."""
    clean = resolve(None, url)
    if clean is None:
        return (), ""
    parts = _split(clean)
    path = unquote(parts.path) if "%" in parts.path else parts.path
    return tuple(segment for segment in path.lower().split("/") if segment), parts.query.lower()


@_remembered
def looks_like_tag(url: str) -> bool:
    """Tell whether *url* is shaped like the page of a tag or topic: ``/tag/…``, ``/标签/…``."""
    segments, _ = _segments(url)
    return any(
        segment in _TAGS and _EXTENSION.sub("", name) not in _INDEX and name != "page"
        for segment, name in pairwise(segments)
    )


@_remembered
def looks_like_article(url: str) -> bool:
    """Tell whether *url* is shaped like an article's: a date and a name, a number, a slug, ``?p=123``.

    A guess that costs no request: a date archive, a tag, a category, a search, a feed or a file is none.

    >>> looks_like_article("https://news.example/2023/03/21/a.html"), looks_like_article("https://news.example/2023/03/")
    (True, False)
    """
    segments, query = _segments(url)
    if _is_listing(segments, query) or looks_like_tag(url):
        return False
    if _ID_PARAMETER.search(query):
        return True
    if _EXTENSION.sub("", "/".join(segments)) in ("", "index") and _POST_PARAMETER.search(query):
        return True
    if segments and _EXTENSION.sub("", segments[-1]) in _INDEX:
        segments = segments[:-1]
    if not segments:
        return False
    last = _EXTENSION.sub("", segments[-1])
    path = "/" + "/".join((*segments[:-1], last))
    if last == segments[-1] and _is_date_archive(path, last):
        return False
    return (
        any(date.end() < len(path) for date in _DATE.finditer(path))
        or _ENDS_IN_ID.search(last) is not None
        or not _ARTICLES.isdisjoint(segments[:-1])
        or _NUMBERED_PATH.search(path) is not None
        or _is_slug(last)
    )


def _is_listing(segments: tuple[str, ...], query: str) -> bool:
    if _LISTING_PARAMETER.search(query) or (segments and _ASSET.search(segments[-1])):
        return True
    pages = any(name == "page" and number.isdecimal() for name, number in pairwise(segments))
    return pages or not _LISTINGS.isdisjoint(segments)


def _is_date_archive(path: str, last: str) -> bool:
    """Tell whether *path* ends in a date and nothing more: ``/2023/03``, ``/news/20230321``, ``/2023``."""
    return _DATED_NUMBER.fullmatch(last) is not None or any(date.end() == len(path) for date in _DATE.finditer(path))


def _is_slug(name: str) -> bool:
    if name.startswith(_HOUSE_PAGES):
        return False
    words = [word for word in _SLUG_WORDS.split(name) if word]
    # A headline in Chinese has no hyphens; eight characters are more than the name of a section.
    return len(words) >= 4 or len(_HAN.findall(name)) >= 8
