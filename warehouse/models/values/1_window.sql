-- The figures to work out anew, each with the spans of days it adds up: its own, and the year to date.
CREATE OR REPLACE TEMP TABLE value_window AS
WITH touched AS (
    SELECT DISTINCT framework, indicator
    FROM reference.term
    WHERE dataset IS NOT NULL
        AND (getvariable('value_datasets') IS NULL OR list_contains(getvariable('value_datasets'), partner || '/' || dataset))
), described AS (
    SELECT
        period.framework,
        period.indicator,
        period.period,
        period.period_start,
        period.period_end,
        year(period.year_start) AS wanted_year,
        indicator.kind,
        indicator.areas,
        -- A rolling average looks back over the twelve months that end with the period.
        CASE indicator.kind
            WHEN 'rolling_average'
                THEN CAST(period.period_end + INTERVAL 1 DAY - INTERVAL 12 MONTH AS DATE)
            ELSE period.period_start
        END AS own_start,
        -- A snapshot and a rolling average have no sum over the year: their year to date is their latest value.
        CASE WHEN indicator.kind NOT IN ('snapshot', 'rolling_average') THEN period.year_start END AS ytd_start
    FROM reference.period AS period
    JOIN reference.indicator AS indicator USING (framework, indicator)
    JOIN touched USING (framework, indicator)
)
SELECT *
FROM described
WHERE period_start <= getvariable('value_today')
    AND period_end >= coalesce(getvariable('value_first'), DATE '0001-01-01')
    AND least(own_start, coalesce(ytd_start, own_start)) <= coalesce(getvariable('value_last'), DATE '9999-12-31');

CREATE OR REPLACE TEMP TABLE value_span AS
SELECT framework, indicator, period, 'own' AS span, kind, areas, own_start AS span_start, period_end AS span_end
FROM value_window
UNION ALL
SELECT framework, indicator, period, 'ytd', kind, areas, ytd_start, period_end
FROM value_window
WHERE ytd_start IS NOT NULL;
