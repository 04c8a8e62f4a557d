"""Small household-waste extracts, built line by line so that a test shows what it sends."""

from pathlib import Path

KEY = "council/household_waste"
HEADER = "month,stream,source,material,destination,tonnes,reject_tonnes"


def waste(folder: Path, *rows: str, header: str = HEADER, name: str = "waste_FY2009-Q1.csv") -> Path:
    """A file of these rows; by default three good months of April to June 2009."""
    lines = rows or (
        "2009-04,kerbside_residual,household,residual,efw,4000.000,",
        "2009-05,kerbside_recycling,household,paper_card,recycle,1000.500,0.500",
        "2009-06,kerbside_organic,household,garden,compost,500.000,",
    )
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path
