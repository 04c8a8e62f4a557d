-- Quit dates set in the quarter and the quits that followed, people aged 16 and over, for NI 123.
-- A quit counts at four weeks whether a carbon monoxide test confirmed it or the person reported it.
WITH people AS (
    SELECT
        accepted.outcome,
        accepted.verified,
        coalesce(age.label, 'Not known') AS age_band,
        coalesce(sex.label, 'Not known') AS sex,
        partnership.area_code
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.code AS age ON age.codelist = 'age_bands' AND age.code = accepted.age_band
    LEFT JOIN reference.code AS sex ON sex.codelist = 'sexes' AND sex.code = accepted.sex
    WHERE accepted.age_band IS DISTINCT FROM 'under 16'
), counted AS (
    SELECT 'quit_dates_set' AS measure, * FROM people
    UNION ALL
    SELECT 'four_week_quitters', * FROM people WHERE outcome = 'quit'
    UNION ALL
    SELECT 'four_week_quitters_confirmed', * FROM people WHERE outcome = 'quit' AND verified = 'co'
), shown AS (
    SELECT
        measure,
        area_code,
        unnest([
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'age_band', 'category': age_band},
            {'breakdown': 'sex', 'category': sex}
        ], recursive := true)
    FROM counted
)
SELECT
    measure,
    CAST(getvariable('period_start') AS DATE) AS period_start,
    CAST(getvariable('period_end') AS DATE) AS period_end,
    area_code,
    breakdown,
    category,
    CAST(count(*) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM shown
GROUP BY ALL
