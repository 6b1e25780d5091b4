"""What stands between engine and network."""

from newscrawl.downloadermiddlewares.capturing import CaptureMiddleware
from newscrawl.downloadermiddlewares.gate import MAX_URL, GateMiddleware, RefusedRequest
from newscrawl.downloadermiddlewares.guest import GuestMiddleware, OptOutMiddleware, PostponedRequest
from newscrawl.downloadermiddlewares.outcomes import OutcomeMiddleware
from newscrawl.downloadermiddlewares.redirects import PlainRedirectMiddleware
from newscrawl.downloadermiddlewares.robots import RobotsMiddleware

__all__ = [
    "MAX_URL",
    "CaptureMiddleware",
    "GateMiddleware",
    "GuestMiddleware",
    "OptOutMiddleware",
    "OutcomeMiddleware",
    "PlainRedirectMiddleware",
    "PostponedRequest",
    "RefusedRequest",
    "RobotsMiddleware",
]
