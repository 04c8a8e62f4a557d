"""The demo: synthetic extracts of four partners, a story of when they arrive, and the walk through it.

Everything is made from the partnership's own contracts, code lists and geography; no row is about a real person.
"""
