"""Which parameters of a query say how the reader came to the page, and not which page it is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, kw_only=True)
class ParameterRules:
    """What one site's parameters mean, beside the lists of this module. Names in lower case."""

    keep: frozenset[str] = frozenset()
    """Choose the content here, whatever they mean elsewhere."""
    drop: frozenset[str] = frozenset()
    """Never choose the content."""


NO_RULES = ParameterRules()

# A name joins the list when it means this on every site; `ref`, `source`, `s` and the like do not.
_TRACKING = _words("""
    fbclid gclid gclsrc gbraid wbraid dclid msclkid yclid ysclid twclid ttclid irclickid rb_clickid li_fat_id
    igshid igsh srsltid _ga _gl mc_cid mc_eid mkt_tok vero_id vero_conv oly_enc_id oly_anon_id _openstat xtor
    __s __hstc __hssc __hsfp hsctatracking ml_subscriber ml_subscriber_hash wickedid s_cid epik
    pk_campaign pk_kwd pk_keyword pk_source pk_medium pk_content pk_cid pk_cpn pk_group pk_placement
    piwik_campaign piwik_kwd piwik_keyword matomo_campaign matomo_kwd
    guccounter guce_referrer guce_referrer_sig
    spm spm_id_from scm bd_vid hmsr hmpl hmcu hmkw hmci hmmd isappinstalled wxshare_count share_token tt_from
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
        "bilibili.com": "vd_source share_source share_medium share_plat share_session_id share_tag share_from "
        "unique_k bbid from_spmid plat_id",
        "thepaper.cn": "commtag",
        "udn.com": "from",
        "chinatimes.com": "chdtv",
        "scmp.com": "module pgtype registerinfo",
        "nytimes.com": "smid smtyp emc campaign_id instance_id segment_id user_id regi_id nl te "
        "referringsource searchresultposition rref clicksource",
        "washingtonpost.com": "itid wpisrc wpmm",
        "wsj.com": "mod reflink",
        "bloomberg.com": "srnd leadsource sref",
        "ft.com": "ftcamp sharetype",
        "reuters.com": "taid",
        "dw.com": "maca",
        "bbc.com": "ocid ns_mchannel ns_source ns_campaign ns_linkname ns_fee intlink_from_url",
        "bbc.co.uk": "ocid ns_mchannel ns_source ns_campaign ns_linkname ns_fee intlink_from_url",
        "theguardian.com": "cmp cmp_tu",
    }.items()
}

# How the page is to be shown, and who sent the reader: on some site each of them chooses the content.
_DOUBTFUL = _words("""
    amp outputtype print printable printmode printpage mobile wap ref refer referer referrer source src
    from via share shared sharefrom utm isfrom origin ito cmpid ncid ftag sr_share
    nocache cachebuster timestamp _ rnd random no_redirect noredirect
""")
# The value that means the page without the parameter.
_DOUBTFUL_PAIRS = frozenset({
    ("page", "1"), ("paged", "1"), ("pg", "1"), ("pn", "1"), ("view", "amp"), ("view", "print"), ("output", "amp"),
    ("view", "mobile"), ("version", "mobile"), ("device", "mobile"), ("m", "1"), ("output", "1"), ("format", "amp"),
})  # fmt: skip


def is_tracking(host: str, name: str, value: str, rules: ParameterRules) -> bool:
    """Tell whether a parameter never chooses the content; *host* without its port."""
    name = name.lower()
    if name in rules.keep:
        return False
    return (
        name in _TRACKING
        or name in rules.drop
        or name in _tracking_at(host)
        or name.startswith(_TRACKING_PREFIXES)
        or (name == "from" and value.lower() in _SHARED_FROM)
    )


def with_parameters(url: str, wanted: Callable[[str], bool]) -> str:
    """Return *url* with those parameters of its query, as written, that are *wanted*; the same object with all of them.

    >>> with_parameters("https://news.example/a?id=1&seq=3#top", lambda parameter: not parameter.startswith("seq="))
    'https://news.example/a?id=1#top'
    """
    head, mark, rest = url.partition("?")
    if not mark or "#" in head:
        return url
    query, hash_mark, fragment = rest.partition("#")
    parameters = query.split("&")
    kept = [parameter for parameter in parameters if wanted(parameter)]
    if len(kept) == len(parameters):
        return url
    return head + ("?" + "&".join(kept) if kept else "") + hash_mark + fragment


def without_dropped(url: str, rules: ParameterRules) -> str:
    """Return *url* without the parameters that *rules* drop; the same object where it has none."""
    if not rules.drop or "?" not in url:
        return url
    return with_parameters(url, lambda parameter: unquote(parameter.partition("=")[0]).lower() not in rules.drop)


def is_doubtful(name: str, value: str, rules: ParameterRules) -> bool:
    """Tell whether a parameter probably does not choose the content."""
    name = name.lower()
    return name not in rules.keep and (name in _DOUBTFUL or (name, value.lower()) in _DOUBTFUL_PAIRS)


@lru_cache(maxsize=1024)
def _tracking_at(host: str) -> frozenset[str]:
    labels = host.split(".")
    names: Iterable[frozenset[str]] = (
        _TRACKING_AT.get(".".join(labels[position:]), frozenset()) for position in range(len(labels))
    )
    return frozenset().union(*names)
