"""What is asked next, and how requests are told apart."""

from newscrawl.scheduler.fingerprints import UrlKeyFingerprinter
from newscrawl.scheduler.frontier import FrontierScheduler, StoppedError, check_engine
from newscrawl.scheduler.requests import KIND, LEASE, RECORD, loaded_request, saved_request

__all__ = [
    "KIND",
    "LEASE",
    "RECORD",
    "FrontierScheduler",
    "StoppedError",
    "UrlKeyFingerprinter",
    "check_engine",
    "loaded_request",
    "saved_request",
]
