-- Deliberate fires of the quarter by ward, for NI 33. Primary fires are those in buildings, vehicles and outdoor
-- structures, or with casualties; secondary fires are the others. Further categories are received, not counted.
WITH families AS (
    SELECT * FROM (VALUES
        ('deliberate_primary', 'deliberate_primary_fires'),
        ('deliberate_primary_vehicle', 'deliberate_primary_fires'),
        ('deliberate_secondary', 'deliberate_secondary_fires')
    ) AS listed(category, measure)
)
SELECT
    families.measure,
    CAST(getvariable('period_start') AS DATE) AS period_start,
    CAST(getvariable('period_end') AS DATE) AS period_end,
    coalesce(ward.area_code, partnership.area_code) AS area_code,
    'all' AS breakdown,
    'all' AS category,
    CAST(count(*) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM accepted
JOIN families ON families.category = accepted.category
CROSS JOIN reference.partnership AS partnership
LEFT JOIN reference.area_code AS ward ON ward.code = accepted.ward_code
GROUP BY ALL
