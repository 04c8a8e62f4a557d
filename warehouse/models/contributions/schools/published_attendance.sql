-- Sessions, absences and enrolments of the school year to date, for the borough and its comparators.
--
-- Regions and England carry a Total beside Primary, Secondary and Special; a local authority carries the three only.
-- Total is used where it is there, else the three are pooled; never both. Where one of the three is withheld there is
-- no headline: a pool without it would read as the whole.
-- Persistent absence is published as a percentage only. Over total_enrolments it pools to the published Total of
-- every region to the last digit, so the two together give back the number it stands for.
WITH figures AS (
    SELECT
        make_date(CAST(left(accepted.time_period, 4) AS INTEGER), 9, 1) AS year_start,
        CASE accepted.geographic_level
            WHEN 'National' THEN accepted.country_code
            WHEN 'Regional' THEN accepted.region_code
            ELSE coalesce(spelling.area_code, accepted.new_la_code)
        END AS area_code,
        accepted.school_type,
        CAST(accepted.possible_sessions AS DECIMAL(28, 9)) AS possible_sessions,
        CAST(accepted.overall_attendance AS DECIMAL(28, 9)) AS attended_sessions,
        CAST(accepted.overall_absence AS DECIMAL(28, 9)) AS absent_sessions,
        CAST(accepted.authorised_absence AS DECIMAL(28, 9)) AS authorised_sessions,
        CAST(accepted.unauthorised_absence AS DECIMAL(28, 9)) AS unauthorised_sessions,
        CAST(accepted.total_enrolments AS DECIMAL(28, 9)) AS enrolments,
        CAST(round(accepted.pa_perc * accepted.total_enrolments / 100, 9) AS DECIMAL(28, 9)) AS persistent_absentees
    FROM accepted
    LEFT JOIN reference.area_code AS spelling ON spelling.code = accepted.new_la_code
    WHERE accepted.school_type IN ('Total', 'Primary', 'Secondary', 'Special')
), amounts AS (
    SELECT
        year_start,
        area_code,
        school_type,
        unnest([
            {'measure': 'possible_sessions', 'amount': possible_sessions},
            {'measure': 'attended_sessions', 'amount': attended_sessions},
            {'measure': 'absent_sessions', 'amount': absent_sessions},
            {'measure': 'authorised_absent_sessions', 'amount': authorised_sessions},
            {'measure': 'unauthorised_absent_sessions', 'amount': unauthorised_sessions},
            {'measure': 'enrolments', 'amount': CASE WHEN persistent_absentees IS NOT NULL THEN enrolments END},
            {'measure': 'persistent_absentees', 'amount': persistent_absentees}
        ], recursive := true)
    FROM figures
), headline AS (
    SELECT
        measure,
        year_start,
        area_code,
        'all' AS breakdown,
        'all' AS category,
        coalesce(
            max(amount) FILTER (WHERE school_type = 'Total'),
            CASE
                WHEN count(*) FILTER (WHERE school_type <> 'Total' AND amount IS NULL) = 0
                    THEN sum(amount) FILTER (WHERE school_type <> 'Total')
            END
        ) AS amount
    FROM amounts
    GROUP BY measure, year_start, area_code
    UNION ALL
    SELECT measure, year_start, area_code, 'phase', school_type, amount
    FROM amounts
    WHERE school_type <> 'Total'
)
SELECT
    measure,
    year_start AS period_start,
    CAST(year_start + INTERVAL 12 MONTH - INTERVAL 1 DAY AS DATE) AS period_end,
    area_code,
    breakdown,
    category,
    CAST(amount AS DECIMAL(28, 9)) AS amount,
    1::BIGINT AS rows
FROM headline
WHERE amount IS NOT NULL
