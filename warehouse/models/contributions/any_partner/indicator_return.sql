-- Indicators that a partner returns as a figure: what was counted and among how many, or only the figure as stated.
-- One measure for each part of each indicator (ni40_numerator). Each amount stands a second time under who stated it,
-- how sure it is and, of a survey, when it was measured: in the breakdowns source, basis and measured_on.
WITH calendar AS (
    SELECT indicator, period, period_start, period_end FROM reference.period
    UNION
    SELECT indicator, base_period, base_start, base_end FROM reference.indicator WHERE base_period IS NOT NULL
), returned AS (
    SELECT
        lower(regexp_replace(accepted.indicator, '[^A-Za-z0-9]', '_', 'g')) AS indicator,
        calendar.period_start,
        calendar.period_end,
        coalesce(spelling.area_code, partnership.area_code) AS area_code,
        accepted.numerator,
        accepted.denominator,
        accepted.value,
        accepted.basis,
        coalesce(source.label, accepted.source) AS source,
        accepted.measured_on
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    JOIN calendar
        ON calendar.indicator = accepted.indicator AND calendar.period = accepted.period
    LEFT JOIN reference.area_code AS spelling ON spelling.code = accepted.area_code
    LEFT JOIN reference.code AS source ON source.codelist = 'return_sources' AND source.code = accepted.source
), amounts AS (
    SELECT
        * EXCLUDE (numerator, denominator, value),
        unnest([
            {'part': 'numerator', 'amount': numerator},
            {'part': 'denominator', 'amount': denominator},
            {'part': 'value', 'amount': value}
        ], recursive := true)
    FROM returned
), shown AS (
    SELECT
        *,
        unnest([
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'basis', 'category': basis},
            {'breakdown': 'source', 'category': source},
            {'breakdown': 'measured_on', 'category': CAST(measured_on AS VARCHAR)}
        ], recursive := true)
    FROM amounts
    WHERE amount IS NOT NULL
)
SELECT
    indicator || '_' || part AS measure,
    period_start,
    period_end,
    area_code,
    breakdown,
    category,
    CAST(sum(amount) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM shown
WHERE category IS NOT NULL
GROUP BY ALL
