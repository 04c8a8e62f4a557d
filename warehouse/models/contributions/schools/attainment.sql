-- Examinations at 16 of children in need and looked after, for every school year the file holds.
-- The publisher rounds pupils to 10 and withholds small numbers, but gives average and percentage to one decimal place:
-- average times pupils is the sum that the average came from, as near as the publisher lets anyone know. The groups
-- overlap (a child may be in need and looked after), so the headline is children looked after, never a sum of groups.
WITH figures AS (
    SELECT
        make_date(CAST(left(accepted.time_period, 4) AS INTEGER), 9, 1) AS year_start,
        CASE accepted.geographic_level
            WHEN 'National' THEN accepted.country_code
            WHEN 'Regional' THEN accepted.region_code
            ELSE coalesce(spelling.area_code, accepted.new_la_code)
        END AS area_code,
        care.label AS category,
        CAST(accepted.t_pupils AS DECIMAL(28, 9)) AS pupils,
        CAST(round(coalesce(accepted.t_att8, accepted.avg_att8 * accepted.t_pupils), 3) AS DECIMAL(28, 9)) AS points,
        CAST(round(accepted.pt_l2basics_94 * accepted.t_pupils / 100, 3) AS DECIMAL(28, 9)) AS grade_4
    FROM accepted
    JOIN reference.code AS care
        ON care.codelist = 'social_care_groups' AND care.code = accepted.social_care_group
    LEFT JOIN reference.area_code AS spelling ON spelling.code = accepted.new_la_code
), amounts AS (
    SELECT
        year_start,
        area_code,
        category,
        unnest([
            {'measure': 'pupils_at_16', 'amount': CASE WHEN points IS NOT NULL THEN pupils END},
            {'measure': 'attainment_8_points', 'amount': points},
            {'measure': 'pupils_at_16_with_grades', 'amount': CASE WHEN grade_4 IS NOT NULL THEN pupils END},
            {'measure': 'pupils_with_grade_4_english_and_maths', 'amount': grade_4}
        ], recursive := true)
    FROM figures
), shown AS (
    SELECT *, 'social_care_group' AS breakdown FROM amounts
    UNION ALL
    SELECT * REPLACE ('all' AS category), 'all' AS breakdown FROM amounts WHERE category = 'Children looked after for 12 months'
)
SELECT
    measure,
    year_start AS period_start,
    CAST(year_start + INTERVAL 12 MONTH - INTERVAL 1 DAY AS DATE) AS period_end,
    area_code,
    breakdown,
    category,
    amount,
    1::BIGINT AS rows
FROM shown
WHERE amount IS NOT NULL
