"""The stations a delivery passes: land, ingest, validate, merge, publish; notify beside them, sweep behind.

Stations are plain functions, each a module here; ``drain`` walks them. Prefect wraps them thinly in
``flows.orchestration`` and ``flows.deployed``. What a station needs lives in the room beside it: ``receiving``,
``officers``, ``releases``, ``governance``; ``service`` keeps it running, ``cli`` is how a person reaches it.
"""
