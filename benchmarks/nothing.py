"""An empty settings module: Scrapy's own defaults."""
