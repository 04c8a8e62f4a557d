-- Counts and denominators of published indicators, for every year the file holds.
-- Indicator 90284: emergency admissions for injury, ages 0 to 14.
--
-- Rows by deprivation decile stand among those of whole areas and are left out. The headline of England can stand
-- twice in a year, once under a blank parent: it is one figure. Persons is used where it is there; where a year has
-- Male and Female only they are pooled; never both. Values are never averaged: only counts and denominators go on.
WITH measures AS (
    SELECT * FROM (VALUES ('90284', 'injury_admissions_0_14', 'population_0_14'))
        AS listed(indicator_id, counted_as, counted_among)
), figures AS (
    SELECT DISTINCT
        measures.counted_as,
        measures.counted_among,
        make_date(CAST(left(accepted.time_period_sortable, 4) AS INTEGER), 4, 1) AS year_start,
        coalesce(spelling.area_code, accepted.area_code) AS area_code,
        accepted.sex,
        accepted.count AS cases,
        accepted.denominator AS population
    FROM accepted
    JOIN measures USING (indicator_id)
    LEFT JOIN reference.area_code AS spelling ON spelling.code = accepted.area_code
    WHERE accepted.category_type IS NULL
        AND accepted.category IS NULL
        AND accepted.count IS NOT NULL
        AND accepted.denominator IS NOT NULL
), persons AS (
    SELECT counted_as, counted_among, year_start, area_code, cases, population
    FROM figures
    WHERE sex = 'Persons'
    UNION ALL
    SELECT counted_as, counted_among, year_start, area_code, sum(cases), sum(population)
    FROM figures
    WHERE sex IN ('Male', 'Female')
        AND NOT EXISTS (
            SELECT 1 FROM figures AS whole
            WHERE whole.sex = 'Persons'
                AND whole.counted_as = figures.counted_as
                AND whole.year_start = figures.year_start
                AND whole.area_code = figures.area_code)
    GROUP BY ALL
    HAVING count(DISTINCT sex) = 2
), headline AS (
    SELECT *, 'all' AS breakdown, 'all' AS category FROM persons
    UNION ALL
    SELECT counted_as, counted_among, year_start, area_code, cases, population, 'sex', sex
    FROM figures
    WHERE sex IN ('Male', 'Female')
), shown AS (
    SELECT counted_as AS measure, year_start, area_code, breakdown, category, cases AS amount FROM headline
    UNION ALL
    SELECT counted_among, year_start, area_code, breakdown, category, population FROM headline
)
SELECT
    measure,
    year_start AS period_start,
    CAST(year_start + INTERVAL 12 MONTH - INTERVAL 1 DAY AS DATE) AS period_end,
    area_code,
    breakdown,
    category,
    CAST(max(amount) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM shown
GROUP BY ALL
