"""What stands between engine and network."""

from newscrawl.downloadermiddlewares.capturing import CaptureMiddleware
from newscrawl.downloadermiddlewares.decoding import DecodingMiddleware
from newscrawl.downloadermiddlewares.gate import MAX_URL, GateMiddleware, TrapMiddleware
from newscrawl.downloadermiddlewares.guest import GuestMiddleware, OptOutMiddleware, PostponedRequest
from newscrawl.downloadermiddlewares.outcomes import OutcomeMiddleware
from newscrawl.downloadermiddlewares.redirects import PlainRedirectMiddleware
from newscrawl.downloadermiddlewares.refusals import RefusedRequest, RefusedResponse
from newscrawl.downloadermiddlewares.robots import RobotsMiddleware

__all__ = [
    "MAX_URL",
    "CaptureMiddleware",
    "DecodingMiddleware",
    "GateMiddleware",
    "GuestMiddleware",
    "OptOutMiddleware",
    "OutcomeMiddleware",
    "PlainRedirectMiddleware",
    "PostponedRequest",
    "RefusedRequest",
    "RefusedResponse",
    "RobotsMiddleware",
    "TrapMiddleware",
]
