-- Households assessed as homeless or about to be, from table A1 of the statutory homelessness statistics.
WITH figures AS (
    SELECT DISTINCT  -- London stands at the top and again among the regions
        CASE WHEN accepted._scope = 'comparator' THEN accepted.area_code ELSE partnership.area_code END AS area_code,
        accepted.assessments,
        accepted.owed_a_duty,
        accepted.threatened,
        accepted.homeless,
        round(accepted.households_thousands, 3) AS households_thousands
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
), amounts AS (
    SELECT
        area_code,
        unnest([
            {'measure': 'homelessness_assessments', 'amount': CAST(assessments AS DECIMAL(28, 9))},
            {'measure': 'households_owed_a_duty', 'amount': CAST(owed_a_duty AS DECIMAL(28, 9))},
            {'measure': 'households_owed_prevention', 'amount': CAST(threatened AS DECIMAL(28, 9))},
            {'measure': 'households_owed_relief', 'amount': CAST(homeless AS DECIMAL(28, 9))},
            {'measure': 'households_in_area', 'amount': CAST(round(households_thousands * 1000) AS DECIMAL(28, 9))}
        ], recursive := true)
    FROM figures
)
SELECT
    measure,
    CAST(getvariable('period_start') AS DATE) AS period_start,
    CAST(getvariable('period_end') AS DATE) AS period_end,
    area_code,
    'all' AS breakdown,
    'all' AS category,
    amount,
    1::BIGINT AS rows
FROM amounts
WHERE amount IS NOT NULL
