"""tmp"""


def next_interval(interval_s, *, new, elapsed_s=0, floor_s=600.0, longest_s=90 * 86400.0):
    return max(0.8 * interval_s + 0.2 * floor_s, floor_s) if new else min(interval_s * 1.5, longest_s)


def first_interval(dates, kind, now):
    return 43200.0


def after_failure(failures, kind, *, status=None):
    return (60 * 86400.0, "dead") if status in (404, 410) or kind == "guess" else (3600.0 * 2**failures, "live")


def reread_due(published, *, first_seen, checked, changes):
    return checked + 3600.0
