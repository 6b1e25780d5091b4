"""What stands between engine and network."""

from newscrawl.downloadermiddlewares.capturing import CaptureMiddleware
from newscrawl.downloadermiddlewares.gate import MAX_URL, GateMiddleware, RefusedRequest
from newscrawl.downloadermiddlewares.outcomes import OutcomeMiddleware
from newscrawl.downloadermiddlewares.redirects import PlainRedirectMiddleware

__all__ = [
    "MAX_URL",
    "CaptureMiddleware",
    "GateMiddleware",
    "OutcomeMiddleware",
    "PlainRedirectMiddleware",
    "RefusedRequest",
]
