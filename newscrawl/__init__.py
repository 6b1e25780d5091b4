"""newscrawl: a Scrapy project that keeps news that may disappear."""

__version__ = "0.1.0"
