"""The exchange as a service: server, warm worker and inbox watch, each a process, and what keeps them running.

Prefect shows what runs and starts it; nothing of the exchange depends on it. The ledger stays the truth.
"""
