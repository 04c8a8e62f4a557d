-- Exclusions from school in the school year, for NI 114. Exclusions, not pupils: one pupil can have several.
WITH listed AS (
    SELECT
        accepted.kind,
        coalesce(accepted.sessions, 0) AS sessions,
        coalesce(phase.label, 'Not known') AS phase,
        coalesce('Year ' || accepted.year_group, 'Not known') AS year_group,
        coalesce(sex.label, 'Not known') AS sex,
        coalesce(reason.label, 'Not known') AS reason,
        partnership.area_code
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.code AS phase ON phase.codelist = 'phases' AND phase.code = accepted.phase
    LEFT JOIN reference.code AS sex ON sex.codelist = 'sexes' AND sex.code = accepted.sex
    LEFT JOIN reference.code AS reason ON reason.codelist = 'exclusion_reasons' AND reason.code = accepted.reason
), counted AS (
    SELECT 'permanent_exclusions' AS measure, 1 AS amount, * FROM listed WHERE kind = 'permanent'
    UNION ALL
    SELECT 'fixed_period_exclusions', 1, * FROM listed WHERE kind = 'fixed'
    UNION ALL
    SELECT 'sessions_lost_to_fixed_period_exclusions', sessions, * FROM listed WHERE kind = 'fixed'
), shown AS (
    SELECT
        measure,
        area_code,
        amount,
        unnest([
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'phase', 'category': phase},
            {'breakdown': 'reason', 'category': reason},
            {'breakdown': 'sex', 'category': sex},
            {'breakdown': 'year_group', 'category': year_group}
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
    CAST(sum(amount) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM shown
GROUP BY ALL
