-- Incidents of anti-social behaviour by ward and month of recording. An incident counts once, whatever its copies.
WITH incidents AS (
    SELECT
        CAST(date_trunc('month', accepted.recorded_on) AS DATE) AS month,
        coalesce(ward.area_code, partnership.area_code) AS area_code,
        coalesce(kind.label, 'Not known') AS category
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.area_code AS ward ON ward.code = accepted.ward_code
    LEFT JOIN reference.code AS kind ON kind.codelist = 'asb_categories' AND kind.code = accepted.category
), shown AS (
    SELECT
        month,
        area_code,
        unnest([
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'asb_category', 'category': category}
        ], recursive := true)
    FROM incidents
)
SELECT
    'asb_incidents' AS measure,
    month AS period_start,
    last_day(month) AS period_end,
    area_code,
    breakdown,
    category,
    CAST(count(*) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM shown
GROUP BY ALL
