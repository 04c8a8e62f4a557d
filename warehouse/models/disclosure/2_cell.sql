-- The numbers to protect, one row each ("cell"), with whatever else would reveal them:
--   numerator  what is counted
--   rest       the others of a percentage (denominator minus numerator), or a denominator that counts people
-- Population denominators are public. A year to date is no cell: it is the sum of its periods (see 6_figure.sql),
-- except for a part of the year that has no period here; that part is a cell of its own (span 'earlier').
CREATE OR REPLACE TABLE disclosure.shown AS
WITH measured AS (
    SELECT framework, indicator, bool_or(part = 'denominator' AND measure IS NOT NULL) AS over_people
    FROM reference.term
    GROUP BY ALL
), calendar AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY framework, indicator, year_start ORDER BY period_end) AS place,
        min(year_part) OVER (PARTITION BY framework, indicator, year_start) AS first_part
    FROM reference.period
)
SELECT
    figure.*,
    calendar.year_start,
    calendar.place = 1 AND calendar.first_part > 1 AS year_began_before,
    threshold.threshold,
    measured.over_people,
    indicator.kind NOT IN ('snapshot', 'rolling_average') AS adds_up,
    indicator.kind IN ('percent', 'weighted_percent')
        OR (indicator.kind IN ('snapshot', 'rolling_average') AND indicator.multiplier = 100) AS is_share
FROM warehouse.merged.value AS figure
JOIN reference.indicator AS indicator USING (framework, indicator)
JOIN calendar USING (framework, indicator, period)
JOIN measured USING (framework, indicator)
LEFT JOIN disclosure.threshold AS threshold USING (framework, indicator)
WHERE figure.framework = $framework
    AND (
        figure.period_end <= $last
        -- A school year is reported while it runs, as the year so far, once an extract of it has been merged.
        OR (calendar.kind = 'academic_year' AND figure.period_start <= $last AND figure.status <> 'missing')
    );

CREATE OR REPLACE TABLE disclosure.cell AS
WITH amounts AS (
    SELECT
        indicator, 'period' AS span, period, period_end, year_start, area_code, breakdown, category, threshold,
        is_share, over_people, numerator, denominator
    FROM disclosure.shown
    UNION ALL
    SELECT
        indicator, 'earlier', period, period_end, year_start, area_code, breakdown, category, threshold,
        is_share AND over_people, over_people, ytd_numerator - numerator, ytd_denominator - denominator
    FROM disclosure.shown
    WHERE adds_up AND year_began_before
), protected AS (
    SELECT
        * EXCLUDE (is_share, over_people, numerator, denominator),
        abs(numerator) AS numerator,
        CASE
            -- Categories have one public population between them: it is not divided among them.
            WHEN is_share AND (over_people OR breakdown = 'all') THEN abs(denominator - numerator)
            WHEN over_people AND NOT is_share THEN abs(denominator)
        END AS rest
    FROM amounts
    WHERE threshold > 0 AND numerator IS NOT NULL
)
SELECT
    row_number() OVER (ORDER BY indicator, period_end, span, area_code, breakdown, category) AS cell,
    *,
    coalesce((numerator > 0 AND numerator < threshold) OR (rest > 0 AND rest < threshold), false) AS hidden
FROM protected;
