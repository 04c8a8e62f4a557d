-- Planning decisions of the quarter by ward, and those made in time, for NI 157a-c.
-- In time: 13 weeks (91 days) for a major application, 8 weeks (56 days) for a minor or other one, counted from the
-- day a valid application was received (Town and Country Planning (General Development Procedure) Order 1995).
WITH decisions AS (
    SELECT
        accepted.application_type,
        accepted.decided_on - accepted.received_on AS days,
        CASE accepted.application_type WHEN 'major' THEN 13 * 7 ELSE 8 * 7 END AS days_allowed,
        coalesce(decision.label, 'Not known') AS decision,
        coalesce(ward.area_code, partnership.area_code) AS area_code
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.area_code AS ward ON ward.code = accepted.ward_code
    LEFT JOIN reference.code AS decision
        ON decision.codelist = 'planning_decisions' AND decision.code = accepted.decision
    WHERE accepted.application_type IN ('major', 'minor', 'other')
        AND accepted.decided_on IS NOT NULL
        AND accepted.received_on IS NOT NULL
), counted AS (
    SELECT application_type || '_decided' AS measure, area_code, decision FROM decisions
    UNION ALL
    SELECT application_type || '_decided_in_time', area_code, decision FROM decisions WHERE days <= days_allowed
), shown AS (
    SELECT
        measure,
        area_code,
        unnest([
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'decision', 'category': decision}
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
