"""Keeping: bytes in, files out."""
