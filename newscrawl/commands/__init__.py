"""Commands of the project, thin over plain functions. ``scrapy <command> -h`` explains each."""
