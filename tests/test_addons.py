from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from crawls import SEEDS, crawl
from hypothesis import given
from hypothesis import strategies as st
from scrapy.settings import SETTINGS_PRIORITIES as PRIORITIES
from scrapy.settings import Settings

from newscrawl import __version__
from newscrawl import settings as defaults
from newscrawl.addons import CHECKS, PRESETS, GuardAddon, PresetAddon, ReplayAddon, SettingsAddon
from newscrawl.exceptions import ConfigError

HANDLER = "newscrawl.downloadhandlers.ReplayDownloadHandler"


def settings_with(priority: str = "cmdline", **values: Any) -> Settings:
    """The project's settings, with *values* as if given in another way, before any add-on."""
    settings = Settings()
    settings.setmodule(defaults, priority="project")
    settings.update(values, priority=priority)
    return settings


def applied(priority: str = "cmdline", **values: Any) -> Settings:
    """The same, after every add-on."""
    settings = settings_with(priority, **values)
    for addon in (SettingsAddon(), PresetAddon(), ReplayAddon()):
        addon.update_settings(settings)
    return settings


def test_the_defaults_are_accepted() -> None:
    assert applied()["NEWSCRAWL_PRESET"] == "polite"


@pytest.mark.parametrize(
    ("switch", "group", "path"),
    [
        ("COOKIES_ENABLED", "DOWNLOADER_MIDDLEWARES_BASE", "scrapy.downloadermiddlewares.cookies.CookiesMiddleware"),
        ("REMOTE_CONTROL_ENABLED", "EXTENSIONS_BASE", "scrapy.extensions.remote_control.RemoteControl"),
    ],
)
def test_what_is_switched_off_and_costly_to_import_is_not_imported(switch: str, group: str, path: str) -> None:
    assert path in Settings().getdict(group)
    assert path not in applied()[group]
    assert path in applied(**{switch: True})[group]


def test_every_setting_of_ours_has_a_default_and_a_check() -> None:
    assert {name for name in vars(defaults) if name.startswith("NEWSCRAWL_")} == set(CHECKS)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("NEWSCRAWL_PRESETS", "NEWSCRAWL_PRESET"),
        ("NEWSCRAWL_OUTPUTDIR", "NEWSCRAWL_OUTPUT_DIR"),
        ("NEWSCRAWL_SNAPSHOT_ENABLED", "NEWSCRAWL_SNAPSHOTS_ENABLED"),
    ],
)
def test_an_unknown_setting_is_refused_with_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(ConfigError) as caught:
        applied(**{name: "x"})
    assert str(caught.value) == f"{name} is no setting (did you mean {nearest!r}?); docs/settings.md lists them"


def test_a_setting_that_resembles_none_is_refused_without_a_guess() -> None:
    with pytest.raises(ConfigError, match=r"^NEWSCRAWL_QQQQQQQQQQQQQQQQQQQQQQ is no setting; docs/settings\.md"):
        applied(NEWSCRAWL_QQQQQQQQQQQQQQQQQQQQQQ=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NEWSCRAWL_OUTPUT_DIR", ""),
        ("NEWSCRAWL_OUTPUT_DIR", " "),
        ("NEWSCRAWL_OUTPUT_DIR", None),
        ("NEWSCRAWL_OUTPUT_DIR", "a\0b"),
        ("NEWSCRAWL_OUTPUT_DIR", ["output"]),
        ("NEWSCRAWL_OUTPUT_ENABLED", "maybe"),
        ("NEWSCRAWL_OUTPUT_ENABLED", []),
        ("NEWSCRAWL_SNAPSHOTS_ENABLED", "yes"),
        ("NEWSCRAWL_SNAPSHOTS_ENABLED", ""),
        ("NEWSCRAWL_PROGRESS_ENABLED", float("inf")),
        ("NEWSCRAWL_HEALTH_ENABLED", "perhaps"),
        ("NEWSCRAWL_HEALTH_ERROR_RATIO", -0.1),
        ("NEWSCRAWL_HEALTH_ERROR_RATIO", "25"),
        ("NEWSCRAWL_HEALTH_FIELD_DROP", "nan"),
        ("NEWSCRAWL_METRICS_S", -1),
        ("NEWSCRAWL_METRICS_FILE", "daily.txt"),
        ("NEWSCRAWL_METRICS_FILE", "metrics/.prom"),
        ("NEWSCRAWL_METRICS_FILE", None),
        ("NEWSCRAWL_METRICS_FILE", "a\n.prom"),
        ("NEWSCRAWL_REPLAY", 1),
        ("NEWSCRAWL_REPLAY", {"manifest.jsonl": 1}),
        ("NEWSCRAWL_REPLAY", [1]),
        ("NEWSCRAWL_REPLAY", "a\0b"),
        ("NEWSCRAWL_PRESET", "Polite"),
        ("NEWSCRAWL_PRESET", ""),
        ("NEWSCRAWL_PRESET", None),
        ("NEWSCRAWL_CONTACT", None),
        ("NEWSCRAWL_CONTACT", "me@news.example\r\nCookie: a=b"),
        ("NEWSCRAWL_CONTACT", "me"),
        ("NEWSCRAWL_CONTACT", "news.example/bot"),
        ("NEWSCRAWL_OPT_OUT", None),
        ("NEWSCRAWL_OPT_OUT", "nowhere.txt"),
        ("NEWSCRAWL_OPT_OUT", "a\nb"),
        ("NEWSCRAWL_OPT_OUT", __file__),
        ("NEWSCRAWL_MAX_CRAWL_DELAY_S", -1),
        ("NEWSCRAWL_MAX_RETRY_AFTER_S", "an hour"),
        ("NEWSCRAWL_ROBOTS_META", "ignore"),
        ("NEWSCRAWL_BREAKER_FAULTS", -1),
        ("NEWSCRAWL_HOST_MAX_PAGES", "ten"),
        ("NEWSCRAWL_HOST_MAX_BYTES", "1 MB"),
        ("NEWSCRAWL_HOST_MAX_S", "inf"),
        ("NEWSCRAWL_MAX_BYTES", "lots"),
        ("NEWSCRAWL_ALLOW_ADDRESSES", "localhost"),
        ("NEWSCRAWL_ALLOW_ADDRESSES", "127.0.0.1,10.0.0.0/33"),
        ("NEWSCRAWL_ALLOW_ADDRESSES", 127),
        ("NEWSCRAWL_ALLOW_ADDRESSES", [127]),
        ("NEWSCRAWL_ALLOW_PORTS", ""),
        ("NEWSCRAWL_ALLOW_PORTS", "80,http"),
        ("NEWSCRAWL_ALLOW_PORTS", "0"),
        ("NEWSCRAWL_ALLOW_PORTS", "90-80"),
        ("NEWSCRAWL_ALLOW_PORTS", [65536]),
        ("NEWSCRAWL_ALLOW_PORTS", None),
        ("NEWSCRAWL_TRUSTED", "ftp://proxy.example"),
        ("NEWSCRAWL_TRUSTED", [1]),
        ("NEWSCRAWL_TRUSTED", 1),
        ("NEWSCRAWL_CONNECT_S", -1),
        ("NEWSCRAWL_ANSWER_S", "soon"),
        ("NEWSCRAWL_LEAST_RATE", -1),
        ("NEWSCRAWL_LEAST_RATE", "1 kB"),
        ("NEWSCRAWL_MAX_LINKS", 0),
        ("NEWSCRAWL_SITES_DIR", ""),
        ("NEWSCRAWL_DEDUPE", "drop"),
        ("NEWSCRAWL_DEDUPE_WINDOW_DAYS", "-1"),
        ("NEWSCRAWL_FEED_MIN_S", "-1"),
        ("NEWSCRAWL_FEED_MAX_S", "long"),
        ("NEWSCRAWL_MAX_SECTIONS", "-1"),
        ("NEWSCRAWL_REREAD_ENABLED", "often"),
        ("NEWSCRAWL_EXPORTERS", "newscrawl.exporters.CsvExporter"),
        ("NEWSCRAWL_EXPORTERS", "newscrawl.nothing.Exporter"),
        ("NEWSCRAWL_EXPORTERS", "Exporter"),
        ("NEWSCRAWL_EXPORTERS", [5]),
        ("NEWSCRAWL_EXPORTERS", 5),
        ("NEWSCRAWL_WARC_ENABLED", "perhaps"),
        ("NEWSCRAWL_WARC_MAX_BYTES", 0),
        ("NEWSCRAWL_WARC_MAX_BYTES", (1 << 20) - 1),
        ("NEWSCRAWL_WARC_MAX_BYTES", "1 GB"),
        ("NEWSCRAWL_WARC_MAX_BYTES", float("inf")),
        ("NEWSCRAWL_WARC_IDLE_S", -0.1),
        ("NEWSCRAWL_STORE_URL", None),
        ("NEWSCRAWL_STORE_URL", ["sqlite://"]),
        ("NEWSCRAWL_STORE_URL", "sqlite:///a\nb"),
        ("NEWSCRAWL_WORKER", 1),
        ("NEWSCRAWL_WORKER", "a\tb"),
        ("NEWSCRAWL_MAX_PARTS", "0"),
        ("NEWSCRAWL_FEED_MIN_S", "soon"),
        ("NEWSCRAWL_FEED_MAX_S", -1),
        ("NEWSCRAWL_MAX_SECTIONS", -1),
        ("NEWSCRAWL_REREAD_ENABLED", "perhaps"),
        ("NEWSCRAWL_COMMIT_COUNT", 0),
        ("NEWSCRAWL_COMMIT_COUNT", -1),
        ("NEWSCRAWL_COMMIT_COUNT", "many"),
        ("NEWSCRAWL_COMMIT_COUNT", None),
        ("NEWSCRAWL_COMMIT_S", "often"),
        ("NEWSCRAWL_COMMIT_S", -1),
        ("NEWSCRAWL_RETRY_S", "nan"),
        ("NEWSCRAWL_RETRY_S", -5),
        ("NEWSCRAWL_WAIT_S", "inf"),
        ("NEWSCRAWL_WAIT_S", "long"),
        ("NEWSCRAWL_PROGRESS_S", "soon"),
        ("NEWSCRAWL_PROGRESS_S", -1),
        ("NEWSCRAWL_PROGRESS_S", "nan"),
        ("NEWSCRAWL_PROGRESS_S", "inf"),
        ("NEWSCRAWL_PROGRESS_S", 10**400),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"^{name}[ :]") as caught:
        applied(**{name: value})
    assert caught.value.exit_code == 2


def test_every_setting_has_a_bad_value_in_these_tests() -> None:
    (mark,) = test_a_value_that_cannot_be_used_is_refused_by_name.pytestmark  # type: ignore[attr-defined]
    assert {name for name, _ in mark.args[1]} == set(CHECKS)


def test_a_choice_names_what_can_be_chosen_and_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        applied(NEWSCRAWL_DEDUPE="drop_exakt")
    assert str(caught.value) == (
        "NEWSCRAWL_DEDUPE must be one of mark, drop_exact, drop_near, not 'drop_exakt' (did you mean 'drop_exact'?)"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NEWSCRAWL_OUTPUT_DIR", Path("kept")),
        ("NEWSCRAWL_OUTPUT_ENABLED", "0"),
        ("NEWSCRAWL_OUTPUT_ENABLED", "true"),
        ("NEWSCRAWL_REPLAY", ""),
        ("NEWSCRAWL_REPLAY", (SEEDS,)),
        ("NEWSCRAWL_PRESET", "local"),
        ("NEWSCRAWL_ALLOW_ADDRESSES", "127.0.0.1:8000,[::1]:8000"),
        ("NEWSCRAWL_ALLOW_PORTS", 8000),
        ("NEWSCRAWL_ALLOW_PORTS", "80,443,8000-8999"),
        ("NEWSCRAWL_TRUSTED", "http://me:pw@127.0.0.1:3128,mine.Handler"),
        ("NEWSCRAWL_LEAST_RATE", "0"),
        ("NEWSCRAWL_DEDUPE", "drop_exact"),
        ("NEWSCRAWL_EXPORTERS", "newscrawl.exporters.JsonLinesExporter"),
        ("NEWSCRAWL_EXPORTERS", []),
        ("NEWSCRAWL_PROGRESS_S", "0"),
    ],
)
def test_a_value_may_have_any_form_that_scrapy_reads(name: str, value: Any) -> None:
    assert name in applied(**{name: value})


@given(
    st.sampled_from(sorted(CHECKS)),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.lists(st.text(max_size=4)),
)
def test_any_value_is_taken_or_refused_by_name(name: str, value: Any) -> None:
    try:
        applied(**{name: value})
    except ConfigError as error:
        told = str(error)
    else:
        told = name
    assert told.startswith(name)


def test_a_settings_module_of_the_users_need_not_repeat_the_defaults() -> None:
    settings = Settings({"BOT_NAME": "mine"})
    for addon in (SettingsAddon(), PresetAddon(), ReplayAddon()):
        addon.update_settings(settings)
    assert {name: settings[name] for name in CHECKS} == {name: getattr(defaults, name) for name in CHECKS}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_sets_delays_concurrency_and_throttling(preset: str) -> None:
    settings = applied(NEWSCRAWL_PRESET=preset)
    assert {name: settings[name] for name in PRESETS[preset]} == PRESETS[preset]


def test_the_polite_preset_asks_a_host_one_thing_at_a_time() -> None:
    settings = applied()
    assert settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN") == 1
    assert settings.getfloat("DOWNLOAD_DELAY") >= 1
    assert settings.getbool("AUTOTHROTTLE_ENABLED")
    assert settings.getbool("ROBOTSTXT_OBEY")


@pytest.mark.parametrize("priority", ["project", "spider", "cmdline"])
@pytest.mark.parametrize(
    ("name", "value"), [("DOWNLOAD_DELAY", 7), ("CONCURRENT_REQUESTS", 3), ("USER_AGENT", "mine/1")]
)
def test_an_explicit_setting_wins_over_the_preset(priority: str, name: str, value: Any) -> None:
    assert applied(priority, **{name: value})[name] == value


@pytest.mark.parametrize(
    ("contact", "agent"),
    [
        ("", f"newscrawl/{__version__}"),
        ("  ", f"newscrawl/{__version__}"),
        ("https://news.example/bot", f"newscrawl/{__version__} (+https://news.example/bot)"),
        (" me@news.example ", f"newscrawl/{__version__} (+me@news.example)"),
    ],
)
def test_the_user_agent_says_who_asks_and_how_to_reach_them(contact: str, agent: str) -> None:
    assert applied(NEWSCRAWL_CONTACT=contact)["USER_AGENT"] == agent


def test_a_live_crawl_is_left_as_it_is() -> None:
    settings = applied()
    assert settings["NEWSCRAWL_OUTPUT_DIR"] == "output"
    assert HANDLER not in settings.getwithbase("DOWNLOAD_HANDLERS").values()
    assert settings.getdict("SPIDER_MIDDLEWARES") == {}


@pytest.mark.parametrize("priority", ["project", "spider", "cmdline"])
def test_a_replay_answers_every_request_itself_and_one_at_a_time_whatever_else_is_set(priority: str) -> None:
    settings = applied(
        priority,
        NEWSCRAWL_REPLAY=str(SEEDS),
        CONCURRENT_REQUESTS=32,
        CONCURRENT_ITEMS=100,
        DOWNLOAD_DELAY=5,
        AUTOTHROTTLE_ENABLED=True,
        HTTPCACHE_ENABLED=True,
        JOBDIR="job",
        DOWNLOAD_HANDLERS={"http": "mine.Handler", "ftp": "mine.Handler"},
        SPIDER_MIDDLEWARES={"mine.Middleware": 5},
    )
    assert settings.getwithbase("DOWNLOAD_HANDLERS") == {"http": HANDLER, "https": HANDLER}
    assert settings.getint("CONCURRENT_REQUESTS") == settings.getint("CONCURRENT_ITEMS") == 1
    assert settings.getfloat("DOWNLOAD_DELAY") == 0
    assert not settings.getbool("AUTOTHROTTLE_ENABLED")
    assert not settings.getbool("HTTPCACHE_ENABLED")
    assert not settings.getbool("RETRY_ENABLED")
    assert settings["JOBDIR"] is None
    assert settings.getdict("SPIDER_MIDDLEWARES") == {
        "mine.Middleware": 5,
        "newscrawl.spidermiddlewares.ReplayScopeMiddleware": 10,
    }


@pytest.mark.parametrize(
    ("priority", "folder", "used"),
    [
        (None, None, "output/replay"),
        ("project", "kept", "kept/replay"),
        ("spider", "kept", "kept"),
        ("cmdline", "kept", "kept"),
        ("cmdline", "output", "output"),
    ],
)
def test_a_replay_has_a_folder_of_its_own_unless_one_is_named(
    priority: str | None, folder: str | None, used: str
) -> None:
    settings = settings_with(NEWSCRAWL_REPLAY=str(SEEDS))
    if priority is not None:
        settings.set("NEWSCRAWL_OUTPUT_DIR", folder, priority=priority)
    for addon in (SettingsAddon(), PresetAddon(), ReplayAddon()):
        addon.update_settings(settings)
    assert Path(settings["NEWSCRAWL_OUTPUT_DIR"]) == Path(used)
    assert (settings.getpriority("NEWSCRAWL_OUTPUT_DIR") or 0) >= PRIORITIES["project"]


def test_a_crawl_with_a_wrong_setting_ends_before_its_first_request_with_exit_code_2(tmp_path: Path) -> None:
    finished = crawl(tmp_path / "out", "-a", "url=http://127.0.0.1:9/", "-s", "NEWSCRAWL_PRESETT=local")
    assert finished.code == 2
    assert "newscrawl: NEWSCRAWL_PRESETT is no setting (did you mean 'NEWSCRAWL_PRESET'?)" in finished.log
    assert not (tmp_path / "out").exists()


# The guard ----------------------------------------------------------------------------------------------


def guarded(**values: Any) -> Settings:
    found = settings_with(**values)
    GuardAddon().update_settings(found)
    return found


def without_gate() -> dict[str, Any]:
    names = defaults.DOWNLOADER_MIDDLEWARES
    return {**names, "newscrawl.downloadermiddlewares.GateMiddleware": None}


BYPASSES: dict[str, dict[str, Any]] = {
    "HTTPPROXY_ENABLED": {"HTTPPROXY_ENABLED": True},
    "TWISTED_DNS_RESOLVER": {"TWISTED_DNS_RESOLVER": "scrapy.resolver.CachingThreadedResolver"},
    "TWISTED_REACTOR_ENABLED": {"TWISTED_REACTOR_ENABLED": False},
    "DOWNLOADER_MIDDLEWARES": {"DOWNLOADER_MIDDLEWARES": without_gate()},
    "DOWNLOAD_HANDLERS: file": {
        "DOWNLOAD_HANDLERS": {
            **defaults.DOWNLOAD_HANDLERS,
            "file": "scrapy.core.downloader.handlers.file.FileDownloadHandler",
        }
    },
    "DOWNLOAD_HANDLERS: https": {
        "DOWNLOAD_HANDLERS": {
            **defaults.DOWNLOAD_HANDLERS,
            "https": "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler",
        }
    },
}


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize("name", BYPASSES)
def test_what_would_ask_addresses_that_nobody_checks_is_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name}"):
        guarded(**BYPASSES[name])


@pytest.mark.parametrize("name", BYPASSES)
def test_a_replay_connects_to_nothing_and_needs_no_guard(name: str) -> None:
    guarded(NEWSCRAWL_REPLAY=[SEEDS], **BYPASSES[name])


@pytest.mark.usefixtures("no_proxies")
def test_the_defaults_are_guarded() -> None:
    guarded()


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize(
    ("setting", "trusted"),
    [
        ("HTTPPROXY_ENABLED", "http://127.0.0.1:3128"),
        ("TWISTED_DNS_RESOLVER", "scrapy.resolver.CachingThreadedResolver"),
        ("DOWNLOAD_HANDLERS: https", "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler"),
    ],
)
def test_what_is_named_as_trusted_may_connect(setting: str, trusted: str) -> None:
    guarded(NEWSCRAWL_TRUSTED=[trusted], **BYPASSES[setting])


@pytest.mark.usefixtures("no_proxies")
def test_every_proxy_of_the_environment_must_be_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://me:pw@10.0.0.1:3128")
    with pytest.raises(ConfigError, match=r"^HTTPPROXY_ENABLED: the proxy of the environment variable https_proxy"):
        guarded(HTTPPROXY_ENABLED=True, NEWSCRAWL_TRUSTED=["http://10.0.0.2:3128"])
    guarded(HTTPPROXY_ENABLED=True, NEWSCRAWL_TRUSTED=["http://10.0.0.1:3128"])


def test_a_handler_that_cannot_be_loaded_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^DOWNLOAD_HANDLERS: http: 'no\.Handler' cannot be loaded"):
        guarded(DOWNLOAD_HANDLERS={**defaults.DOWNLOAD_HANDLERS, "http": "no.Handler"})
