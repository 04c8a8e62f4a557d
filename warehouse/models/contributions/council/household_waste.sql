-- Tonnes of waste and what became of them, for NI 191, NI 192 and NI 193.
-- Sent for reuse, recycling and composting: destinations in code list recycling_destinations, less what they turned
-- away. Residual household waste is worked out by deduction from the same tonnes (DOMAIN.md 1.3).
WITH loads AS (
    SELECT
        accepted.source,
        accepted.destination,
        coalesce(material.label, 'Not known') AS material,
        accepted.destination IN (SELECT code FROM reference.code WHERE codelist = 'recycling_destinations') AS recycled,
        accepted.tonnes,
        coalesce(accepted.reject_tonnes, 0) AS reject_tonnes,
        partnership.area_code
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.code AS material
        ON material.codelist = 'waste_materials' AND material.code = accepted.material
), weighed AS (
    SELECT 'household_waste' AS measure, area_code, material, tonnes FROM loads WHERE source = 'household'
    UNION ALL
    SELECT 'household_waste_recycled', area_code, material, tonnes - reject_tonnes
    FROM loads
    WHERE source = 'household' AND recycled
    UNION ALL
    SELECT 'residual_household_waste', area_code, material,
        CASE WHEN recycled THEN reject_tonnes ELSE tonnes END
    FROM loads
    WHERE source = 'household'
    UNION ALL
    SELECT 'municipal_waste', area_code, material, tonnes FROM loads
    UNION ALL
    SELECT 'municipal_waste_landfilled', area_code, material, tonnes FROM loads WHERE destination = 'landfill'
), shown AS (
    SELECT
        measure,
        area_code,
        tonnes,
        unnest([
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'material', 'category': material}
        ], recursive := true)
    FROM weighed
)
SELECT
    measure,
    CAST(getvariable('period_start') AS DATE) AS period_start,
    CAST(getvariable('period_end') AS DATE) AS period_end,
    area_code,
    breakdown,
    category,
    CAST(sum(tonnes) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM shown
GROUP BY ALL
