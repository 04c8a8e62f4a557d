-- The figures to work out anew, each with the spans of days it adds up: its own, the year to date, and the base of a
-- change.
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
        indicator.months,
        own_start(indicator.kind, period.period_start, period.period_end, indicator.window_years, indicator.since)
            AS own_start,
        ytd_start(indicator.kind, period.year_start) AS ytd_start,
        CASE WHEN is_change(indicator.kind)
            THEN coalesce(indicator.base_start, years_before(own_start, indicator.base_years_before)) END AS base_start,
        CASE WHEN is_change(indicator.kind)
            THEN coalesce(indicator.base_end, years_before(period.period_end, indicator.base_years_before)) END
            AS base_end
    FROM reference.period AS period
    JOIN reference.indicator AS indicator USING (framework, indicator)
    JOIN touched USING (framework, indicator)
)
SELECT *
FROM described
WHERE period_start <= getvariable('value_today')
    AND period_end >= coalesce(getvariable('value_first'), DATE '0001-01-01')
    AND least(own_start, ytd_start, base_start) <= coalesce(getvariable('value_last'), DATE '9999-12-31');

CREATE OR REPLACE TEMP TABLE value_span AS
SELECT framework, indicator, period, 'own' AS span, kind, areas, months, own_start AS span_start, period_end AS span_end
FROM value_window
UNION ALL
SELECT framework, indicator, period, 'ytd', kind, areas, months, ytd_start, period_end
FROM value_window
WHERE ytd_start IS NOT NULL
UNION ALL
SELECT framework, indicator, period, 'base', kind, areas, months, base_start, base_end
FROM value_window
WHERE base_start IS NOT NULL;
