"""The stations a delivery passes: land, ingest, validate, merge, publish; notify beside them, sweep behind.

Stations are plain functions. Prefect wraps them thinly in ``flows.orchestration`` and nowhere else.
"""
