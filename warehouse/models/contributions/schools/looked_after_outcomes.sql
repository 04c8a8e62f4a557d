-- Sessions, absences and persistent absence of children in need and looked after, for every school year of the file.
-- The Total is published and used as it is; kinds of school stand beside it and are never added up. The groups overlap
-- (a child may be in need and looked after), so the headline is children looked after and never a sum of groups.
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
        CAST(accepted.t_sess_possible AS DECIMAL(28, 9)) AS possible,
        CAST(accepted.t_sess_overall AS DECIMAL(28, 9)) AS missed,
        CAST(accepted.t_pupils_pa_10_exact AS DECIMAL(28, 9)) AS persistent
    FROM accepted
    JOIN reference.code AS care
        ON care.codelist = 'social_care_groups' AND care.code = accepted.social_care_group
    LEFT JOIN reference.area_code AS spelling ON spelling.code = accepted.new_la_code
    WHERE accepted.phase_type_grouping = 'Total'
), amounts AS (
    SELECT
        year_start,
        area_code,
        category,
        unnest([
            {'measure': 'possible_sessions_of_children_in_care_or_need', 'amount': possible},
            {'measure': 'missed_sessions_of_children_in_care_or_need', 'amount': missed},
            {'measure': 'children_in_care_or_need_at_school',
                'amount': CASE WHEN persistent IS NOT NULL THEN pupils END},
            {'measure': 'children_in_care_or_need_often_absent', 'amount': persistent}
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
