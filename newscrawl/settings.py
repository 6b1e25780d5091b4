"""Defaults of every setting that is not Scrapy's own default. ``docs/settings.md`` explains ours.

What ``NEWSCRAWL_PRESET`` decides (delays, concurrency, throttling) is not here but in ``newscrawl.addons``, so
that a value set anywhere else wins over it.
"""

BOT_NAME = "newscrawl"
SPIDER_MODULES = ["newscrawl.spiders"]
NEWSPIDER_MODULE = "newscrawl.spiders"
COMMANDS_MODULE = "newscrawl.commands"

# --- ours ---------------------------------------------------------------------------------------------------

# Folder that everything a run keeps goes into, relative to the working folder (str).
NEWSCRAWL_OUTPUT_DIR = "output"
# Keep rows, snapshots and a report (bool). Off in `scrapy shell`, `fetch`, `view`, `parse` and `check`.
NEWSCRAWL_OUTPUT_ENABLED = True
# Manifests that answer in place of the network, separated by commas; empty for a live crawl (list).
NEWSCRAWL_REPLAY: list[str] = []
# "polite" or "local": delays, concurrency and throttling in one switch (str).
NEWSCRAWL_PRESET = "polite"
# Where a webmaster can reach you, a URL or a mail address; part of the User-Agent (str).
NEWSCRAWL_CONTACT = ""
# Addresses that may be asked although they are not public: address, CIDR or address:port (list).
NEWSCRAWL_ALLOW_ADDRESSES: list[str] = []
# Ports that may be asked, numbers and ranges; a port of the list above needs no place here (list).
NEWSCRAWL_ALLOW_PORTS = ["80", "443", "8000-8999"]
# Proxies by URL, handlers and resolvers by their path, that keep private addresses away by themselves (list).
NEWSCRAWL_TRUSTED: list[str] = []
# Seconds within which a connection must stand; 0 for no limit (float).
NEWSCRAWL_CONNECT_S = 10.0
# Seconds from the beginning until the head of an answer must be there; 0 for no limit (float).
NEWSCRAWL_ANSWER_S = 12.0
# Bytes of body a second that must come, over ten seconds; 0 for no limit (int).
NEWSCRAWL_LEAST_RATE = 1024
# Links that are followed from one page, at most (int).
NEWSCRAWL_MAX_LINKS = 800
# Folder of your own site profiles; they win over the shipped ones (str).
NEWSCRAWL_SITES_DIR = "sites"
# What happens to a row that repeats another: "mark", "drop_exact" or "drop_near" (str).
NEWSCRAWL_DEDUPE = "mark"
# Days for which texts that are nearly the same are found; 0 for equal texts only (int).
NEWSCRAWL_DEDUPE_WINDOW_DAYS = 90
# Pages of one story that become one article, at most; 1 leaves each page an article of its own (int).
NEWSCRAWL_MAX_PARTS = 20
# Least number of seconds between two polls of a feed (float).
NEWSCRAWL_FEED_MIN_S = 600.0
# Greatest number of seconds between two polls of a feed (float).
NEWSCRAWL_FEED_MAX_S = 90 * 86_400.0
# Section pages of a site's home page that are polled, at most; 0 for none (int).
NEWSCRAWL_MAX_SECTIONS = 60
# Read known articles again from time to time, ever more rarely, to notice edits and deletions (bool).
NEWSCRAWL_REREAD_ENABLED = True
# Write raw HTML snapshots below html/ (bool).
NEWSCRAWL_SNAPSHOTS_ENABLED = True
# Archive each exchange as a WARC record below warc/ (bool).
NEWSCRAWL_WARC_ENABLED = True
# Bytes after which a WARC is closed and the next one begun (int).
NEWSCRAWL_WARC_MAX_BYTES = 1_000_000_000
# Seconds without a record after which a WARC is closed (float).
NEWSCRAWL_WARC_IDLE_S = 600.0
# Database of frontier, captures and rows as an SQLAlchemy URL; empty for store.sqlite in the output folder (str).
NEWSCRAWL_STORE_URL = ""
# Name of this process among those that share a store, the same at every start; empty for host and folder (str).
NEWSCRAWL_WORKER = ""
# Handled requests after which everything is made durable (int).
NEWSCRAWL_COMMIT_COUNT = 50
# Seconds after which everything is made durable, however little it is (float).
NEWSCRAWL_COMMIT_S = 1.0
# Seconds before the first new try of a request that failed; each further one waits twice as long (float).
NEWSCRAWL_RETRY_S = 3.0
# When nothing can be asked for longer than this, the run ends with exit code 4 and work left, in seconds (float).
NEWSCRAWL_WAIT_S = 120.0
# Where those are listed who are never to be asked: a host or the beginning of a URL a line; empty for nowhere (str).
NEWSCRAWL_OPT_OUT = ""
# Seconds of the longest Crawl-delay of a robots.txt that is kept to (float).
NEWSCRAWL_MAX_CRAWL_DELAY_S = 120.0
# Seconds of the longest Retry-After that is kept to (float).
NEWSCRAWL_MAX_RETRY_AFTER_S = 3600.0
# "obey" or "record": whether links of a page that says nofollow to robots are left alone (str).
NEWSCRAWL_ROBOTS_META = "obey"
# Faults in a row after which a host is left alone for ten minutes and longer; 0 for never (int).
NEWSCRAWL_BREAKER_FAULTS = 5
# Pages that one run asks of a host at most; 0 for no limit (int).
NEWSCRAWL_HOST_MAX_PAGES = 0
# Bytes after which one run asks a host for nothing more; 0 for no limit (int).
NEWSCRAWL_HOST_MAX_BYTES = 0
# Seconds after which one run asks a host for nothing more; 0 for no limit (float).
NEWSCRAWL_HOST_MAX_S = 0.0
# Bytes after which a run is stopped; 0 for no limit (int).
NEWSCRAWL_MAX_BYTES = 0
# Writers of kept items, in order; each gets the item and its response (list of paths or classes).
NEWSCRAWL_EXPORTERS = [
    "newscrawl.exporters.SnapshotExporter",
    "newscrawl.exporters.JsonLinesExporter",
]
# Show a live line of progress when the error output is a terminal (bool).
NEWSCRAWL_PROGRESS_ENABLED = True
# Seconds between two progress lines in the log when it is not (float).
NEWSCRAWL_PROGRESS_S = 30.0
# Hold each run against its own figures and those of the runs before it, and end with 3 when it is ill (bool).
NEWSCRAWL_HEALTH_ENABLED = True
# Share of a host's requests that may fail (float from 0 to 1).
NEWSCRAWL_HEALTH_ERROR_RATIO = 0.25
# Share of a field's usual coverage below which it counts as lost (float from 0 to 1).
NEWSCRAWL_HEALTH_FIELD_DROP = 0.5
# File that node_exporter's textfile collector reads, its name ending in .prom; empty for none (str).
NEWSCRAWL_METRICS_FILE = ""
# Seconds between two writings of that file during a run; 0 for its end only (float).
NEWSCRAWL_METRICS_S = 30.0

# --- how the parts are put together -------------------------------------------------------------------------

ADDONS = {
    "newscrawl.addons.SettingsAddon": 100,
    "newscrawl.addons.PresetAddon": 200,
    "newscrawl.addons.ReplayAddon": 300,
    "newscrawl.addons.GuardAddon": 400,
}
EXTENSIONS = {
    "newscrawl.extensions.ContactExtension": -200,
    "newscrawl.extensions.LedgerExtension": -100,
    # Before Scrapy's feed exports, whose copy then has what the exporters fill in.
    "newscrawl.extensions.ExportExtension": -50,
    "newscrawl.extensions.ProgressExtension": 900,
    "newscrawl.extensions.MetricsExtension": 910,
    # Its line says pages and items; ours says more.
    "scrapy.extensions.logstats.LogStats": None,
}
DOWNLOADER_MIDDLEWARES = {
    # Outermost: it sees how a request ends when nobody else has anything to say.
    "newscrawl.downloadermiddlewares.OutcomeMiddleware": 10,
    # Before robots.txt is asked for: a refused address is not asked at all.
    "newscrawl.downloadermiddlewares.GateMiddleware": 50,
    "newscrawl.downloadermiddlewares.OptOutMiddleware": 51,
    "newscrawl.downloadermiddlewares.TrapMiddleware": 52,
    # Scrapy's crawls everything where robots.txt cannot be read.
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "newscrawl.downloadermiddlewares.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "newscrawl.downloadermiddlewares.DecodingMiddleware": 590,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "newscrawl.downloadermiddlewares.PlainRedirectMiddleware": 600,
    # It hears of each answer before redirects and retries do.
    "newscrawl.downloadermiddlewares.GuestMiddleware": 620,
    # Next to the handler, where a body still has its content coding.
    "newscrawl.downloadermiddlewares.CaptureMiddleware": 980,
}
ITEM_PIPELINES = {
    "newscrawl.pipelines.CleanPipeline": 100,
    "newscrawl.pipelines.ValidatePipeline": 200,
    "newscrawl.pipelines.DedupePipeline": 300,
    "newscrawl.pipelines.LimitPipeline": 400,
}
SCHEDULER = "newscrawl.scheduler.FrontierScheduler"
REQUEST_FINGERPRINTER_CLASS = "newscrawl.scheduler.UrlKeyFingerprinter"
# It must be here and not in a spider: the process installs it before a spider's own settings are read.
TWISTED_DNS_RESOLVER = "newscrawl.resolver.GuardedResolver"

# --- a good guest, and hard to hurt -------------------------------------------------------------------------

ROBOTSTXT_OBEY = True
COOKIES_ENABLED = False
REFERER_ENABLED = False
TELNETCONSOLE_ENABLED = False
# Scrapy 2.19 opens a port that runs Python code for whoever reads a token file.
REMOTE_CONTROL_ENABLED = False
HTTPPROXY_ENABLED = False
# Meta refreshes are followed by the spider, which counts them and says where a page came from.
METAREFRESH_ENABLED = False
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_HANDLERS = {
    "http": "newscrawl.downloadhandlers.WireDownloadHandler",
    "https": "newscrawl.downloadhandlers.WireDownloadHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
DOWNLOAD_MAXSIZE = 10 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
# For all tries of a URL in a run together, and the redirects that lead to it.
DOWNLOAD_TIMEOUT = 30
DNS_TIMEOUT = 10
REDIRECT_MAX_TIMES = 8
RETRY_TIMES = 2
MEMUSAGE_LIMIT_MB = 2048
MEMUSAGE_CHECK_INTERVAL_SECONDS = 5.0

# Scrapy 2.19 makes this many tasks for every response, however few items it yields: half a millisecond of CPU a page
# with the default of 100. A page has one item, and its pipelines wait for nothing.
CONCURRENT_ITEMS = 2
LOG_LEVEL = "INFO"
# Scrapy would log every dropped item whole; the counts, the report and rejected.jsonl tell what was dropped.
DEFAULT_DROPITEM_LOG_LEVEL = "DEBUG"
FEED_EXPORT_ENCODING = "utf-8"
# Cells that a spreadsheet would run begin with an apostrophe.
FEED_EXPORTERS = {"csv": "newscrawl.exporters.CsvFeedExporter"}
# With it, nothing from outside steers the terminal a log is read on.
LOG_FORMATTER = "newscrawl.logformatter.ShownLogFormatter"
