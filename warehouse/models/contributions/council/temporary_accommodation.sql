-- Households in temporary accommodation on the counting day, for NI 156. A snapshot: never added up over quarters.
-- One household is counted once, on the latest day in the file.
WITH households AS (
    SELECT
        accepted.household_ref,
        max(accepted.children) AS children,
        any_value(coalesce(accommodation.label, 'Not known')
            ORDER BY accepted._row) AS accommodation_type,
        partnership.area_code
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.code AS accommodation
        ON accommodation.codelist = 'accommodation_types' AND accommodation.code = accepted.accommodation_type
    WHERE accepted.as_at = (SELECT max(as_at) FROM accepted)
    GROUP BY accepted.household_ref, partnership.area_code
), counted AS (
    SELECT 'households_in_temporary_accommodation' AS measure, area_code, accommodation_type, 1 AS amount
    FROM households
    UNION ALL
    SELECT 'households_with_children_in_temporary_accommodation', area_code, accommodation_type, 1
    FROM households
    WHERE children > 0
    UNION ALL
    SELECT 'children_in_temporary_accommodation', area_code, accommodation_type, children
    FROM households
    WHERE children > 0
), shown AS (
    SELECT
        measure,
        area_code,
        amount,
        unnest([
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'accommodation_type', 'category': accommodation_type}
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
