-- Give each period of a calendar to the framework's indicators of that calendar, while they exist.
-- `{calendar}`, `{chosen}` and `{framework}` are put in by warehouse/reference.py; `chosen` holds the only periods
-- of an indicator that has not all of its calendar, such as a survey's.
INSERT INTO reference.period
WITH calendar AS (
    SELECT
        row[1] AS period,
        row[2] AS kind,
        CAST(row[3] AS DATE) AS period_start,
        CAST(row[4] AS DATE) AS period_end,
        CAST(row[5] AS DATE) AS year_start,
        CAST(row[6] AS DATE) AS year_end,
        row[7] AS year_id,
        CAST(row[8] AS INTEGER) AS year_part,
        CAST(row[9] AS INTEGER) AS year_parts,
        row[10] AS publication
    FROM ({calendar})
), chosen AS (
    SELECT row[1] AS indicator, row[2] AS period
    FROM ({chosen})
)
SELECT
    indicator.framework,
    indicator.indicator,
    calendar.*
FROM calendar
JOIN reference.indicator AS indicator ON indicator.calendar = calendar.kind
WHERE indicator.framework = '{framework}'
    AND calendar.period_start >= coalesce(indicator.valid_from, DATE '0001-01-01')
    AND calendar.period_end <= coalesce(indicator.valid_to, DATE '9999-12-31')
    AND (indicator.indicator NOT IN (SELECT indicator FROM chosen)
        OR (indicator.indicator, calendar.period) IN (SELECT (indicator, period) FROM chosen))
ORDER BY indicator.indicator, calendar.period_start;
