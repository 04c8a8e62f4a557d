-- What the council spent, by service, from the revenue outturn: thousands of pounds as published.
-- The services make up the whole, so the whole is taken as published and not added up again.
WITH figures AS (
    SELECT
        CASE WHEN accepted._scope = 'comparator' THEN accepted.area_code ELSE partnership.area_code END AS area_code,
        unnest([
            {'category': 'Education services', 'expenditure': education_expenditure, 'net': education_net},
            {'category': 'Highways and transport', 'expenditure': highways_expenditure, 'net': highways_net},
            {'category': 'Children''s social care', 'expenditure': childrens_social_care_expenditure, 'net': childrens_social_care_net},
            {'category': 'Adult social care', 'expenditure': adult_social_care_expenditure, 'net': adult_social_care_net},
            {'category': 'Public health', 'expenditure': public_health_expenditure, 'net': public_health_net},
            {'category': 'Housing (general fund)', 'expenditure': housing_expenditure, 'net': housing_net},
            {'category': 'Culture', 'expenditure': cultural_expenditure, 'net': cultural_net},
            {'category': 'Environment and regulation', 'expenditure': environmental_expenditure, 'net': environmental_net},
            {'category': 'Planning and development', 'expenditure': planning_expenditure, 'net': planning_net},
            {'category': 'Police', 'expenditure': police_expenditure, 'net': police_net},
            {'category': 'Fire and rescue', 'expenditure': fire_expenditure, 'net': fire_net},
            {'category': 'Central services', 'expenditure': central_expenditure, 'net': central_net},
            {'category': 'Other services', 'expenditure': other_expenditure, 'net': other_net},
            {'category': 'All services', 'expenditure': total_expenditure, 'net': total_net}
        ], recursive := true)
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
), amounts AS (
    SELECT
        area_code,
        category,
        unnest([
            {'measure': 'service_expenditure', 'amount': expenditure},
            {'measure': 'net_current_expenditure', 'amount': net}
        ], recursive := true)
    FROM figures
)
SELECT
    measure,
    CAST(getvariable('period_start') AS DATE) AS period_start,
    CAST(getvariable('period_end') AS DATE) AS period_end,
    area_code,
    CASE category WHEN 'All services' THEN 'all' ELSE 'service' END AS breakdown,
    CASE category WHEN 'All services' THEN 'all' ELSE category END AS category,
    CAST(round(amount, 3) AS DECIMAL(28, 9)) AS amount,
    1::BIGINT AS rows
FROM amounts
WHERE amount IS NOT NULL
