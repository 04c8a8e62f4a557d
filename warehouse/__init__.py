"""DuckDB lives here and nowhere else: reading, the ledger, merging, disclosure control and the published file."""
