-- Assaults for which people came to an emergency department, by month: for the borough's departments, not its residents,
-- because the data set has no place of residence. Two alike may be two people hurt at once, so none is left out.
WITH attendances AS (
    SELECT
        partnership.area_code,
        coalesce(method.label, 'Not known') AS method,
        coalesce(place.label, 'Not known') AS place
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.code AS method ON method.codelist = 'assault_methods' AND method.code = accepted.method
    LEFT JOIN reference.code AS place
        ON place.codelist = 'assault_location_types' AND place.code = accepted.location_type
), shown AS (
    SELECT
        area_code,
        unnest([
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'assault_method', 'category': method},
            {'breakdown': 'location_type', 'category': place}
        ], recursive := true)
    FROM attendances
)
SELECT
    'assault_attendances' AS measure,
    CAST(getvariable('period_start') AS DATE) AS period_start,
    CAST(getvariable('period_end') AS DATE) AS period_end,
    area_code,
    breakdown,
    category,
    CAST(count(*) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM shown
GROUP BY ALL
