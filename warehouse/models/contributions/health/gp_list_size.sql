-- Patients registered with the borough's practices on the day of the extract. A snapshot: never added up over months.
SELECT
    'registered_patients' AS measure,
    CAST(getvariable('period_start') AS DATE) AS period_start,
    CAST(getvariable('period_end') AS DATE) AS period_end,
    partnership.area_code,
    'all' AS breakdown,
    'all' AS category,
    CAST(sum(accepted.patients) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM accepted
CROSS JOIN reference.partnership AS partnership
WHERE accepted.patients IS NOT NULL
GROUP BY ALL
