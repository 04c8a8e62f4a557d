"""A contract of a few text columns, for tests of how a file is read."""

from pathlib import Path

from schemas.contract import Column, Contract, PeriodRule, ScopeRule, WorkbookRule


def column_of(header: str, logical: str = "string", physical: str = "VARCHAR", form: str | None = None) -> Column:
    return Column(
        name=header.lower().replace(" ", "_"),
        header=header,
        aliases=(),
        logical_type=logical,
        physical_type=physical,
        date_format=form,
        required=False,
        may_be_absent=False,
        classification="public",
        treatment="keep",
        description=header,
    )


def contract_of(*headers: str | Column, workbook: WorkbookRule | None = None) -> Contract:
    return Contract(
        partner="police",
        dataset="things",
        title="Things",
        version="1.0.0",
        description="Things.",
        owner="Police",
        columns=tuple(each if isinstance(each, Column) else column_of(each) for each in headers),
        period=PeriodRule("month", file_name=True),
        scope=ScopeRule(),
        supersede_by=(),
        copies_unless_blank=None,
        markers={},
        cadence="month",
        source_path=Path("things.yaml"),
        fingerprint="c0ffee",
        workbook=workbook,
    )
