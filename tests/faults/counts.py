"""How many trials: a few in the test suite; `make faults` and `make hostile` say more."""

import os

SEED = int(os.environ.get("EXCHANGE_SEED") or 20091120)


def trials(few: int) -> int:
    """As many as EXCHANGE_TRIALS says, or a few."""
    return int(os.environ.get("EXCHANGE_TRIALS") or few)
