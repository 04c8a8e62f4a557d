-- Young people of 16 to 18 by what they do on the last day of the month, for NI 117. A snapshot: never added up.
-- Those in custody and refugees awaiting a decision are left out of the base (NI 117, technical definition).
WITH young_people AS (
    SELECT
        accepted.young_person_ref,
        any_value(accepted.activity ORDER BY accepted._row) AS activity,
        coalesce(any_value(ward.area_code ORDER BY accepted._row), partnership.area_code) AS area_code
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.area_code AS ward ON ward.code = accepted.ward_code
    WHERE accepted.age BETWEEN 16 AND 18
    GROUP BY accepted.young_person_ref, partnership.area_code
), counted AS (
    SELECT 'young_people_with_known_activity' AS measure, area_code
    FROM young_people
    WHERE activity IN ('education', 'employment', 'training', 'neet')
    UNION ALL
    SELECT 'young_people_neet', area_code
    FROM young_people
    WHERE activity = 'neet'
    UNION ALL
    SELECT 'young_people_activity_not_known', area_code
    FROM young_people
    WHERE activity = 'not known'
)
SELECT
    measure,
    CAST(getvariable('period_start') AS DATE) AS period_start,
    CAST(getvariable('period_end') AS DATE) AS period_end,
    area_code,
    'all' AS breakdown,
    'all' AS category,
    CAST(count(*) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM counted
GROUP BY ALL
