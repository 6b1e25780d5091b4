"""tmp"""


def guesses(url):
    from urllib.parse import urljoin

    return tuple(urljoin(url, p) for p in ("/sitemap.xml", "/sitemap_index.xml", "/feed/", "/rss.xml"))
