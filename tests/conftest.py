"""One hypothesis profile for every test: the same examples on every machine, no time limit, nothing kept."""

from hypothesis import settings

settings.register_profile(
    "newscrawl", deadline=None, derandomize=True, max_examples=100, print_blob=False, database=None
)
settings.load_profile("newscrawl")
