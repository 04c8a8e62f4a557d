"""``python -m flows.cli``: the same as the command ``exchange``."""

from flows.cli import main

raise SystemExit(main())
