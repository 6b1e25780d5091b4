"""Measurements, as ratios taken in one run beside a named baseline. ``benchmarks/README.md`` tells how to read them."""
