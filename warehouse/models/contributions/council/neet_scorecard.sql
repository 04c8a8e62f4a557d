-- Young people of 16 and 17 in no education, employment or training, or not known, as the scorecard shows them.
-- The publisher gives the young people (a mean of three months) and percentages to one decimal place: their product is the
-- number that the percentage came from, as near as the publisher lets anyone know.
WITH figures AS (
    SELECT
        make_date(CAST(accepted.time_period AS INTEGER), 1, 1) AS year_start,
        CASE accepted.geographic_level
            WHEN 'National' THEN accepted.country_code
            WHEN 'Regional' THEN accepted.region_code
            ELSE coalesce(spelling.area_code, accepted.new_la_code)
        END AS area_code,
        CAST(accepted.cohort_djfavg AS DECIMAL(28, 9)) AS young_people,
        CAST(round(accepted.neet_percent * accepted.cohort_djfavg / 100, 3) AS DECIMAL(28, 9)) AS in_none,
        CAST(round(accepted.notknown_percent * accepted.cohort_djfavg / 100, 3) AS DECIMAL(28, 9)) AS not_known
    FROM accepted
    LEFT JOIN reference.area_code AS spelling ON spelling.code = accepted.new_la_code
), amounts AS (
    SELECT
        year_start,
        area_code,
        unnest([
            {'measure': 'young_people_16_17', 'amount': CASE WHEN in_none IS NOT NULL THEN young_people END},
            {'measure': 'young_people_16_17_neet', 'amount': in_none},
            {'measure': 'young_people_16_17_not_known', 'amount': not_known}
        ], recursive := true)
    FROM figures
)
SELECT
    measure,
    year_start AS period_start,
    CAST(year_start + INTERVAL 12 MONTH - INTERVAL 1 DAY AS DATE) AS period_end,
    area_code,
    'all' AS breakdown,
    'all' AS category,
    amount,
    1::BIGINT AS rows
FROM amounts
WHERE amount IS NOT NULL
