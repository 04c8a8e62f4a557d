"""The command ``exchange`` as ``make`` writes it."""

import re
import runpy
import subprocess
from pathlib import Path

MAKEFILE = Path(__file__).parents[2] / "Makefile"


def test_a_process_forked_from_the_command_does_not_run_it_again(tmp_path: Path) -> None:
    """The warm worker forks its runs, and each of them looks into the program that was started."""
    (line,) = re.findall(r"^\t@(printf .*flows\.cli.*)$", MAKEFILE.read_text(), re.MULTILINE)
    subprocess.run(["sh", "-c", line.replace("$(BIN)", ".").replace("$$", "$")], cwd=tmp_path, check=True)
    assert "main" in runpy.run_path(str(tmp_path / "exchange"), run_name="__mp_main__")
