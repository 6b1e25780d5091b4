"""Spiders: one, driven by site profiles."""
