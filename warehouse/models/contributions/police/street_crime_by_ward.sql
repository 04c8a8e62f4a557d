-- Crimes and incidents of one ward and month, from the API of data.police.uk.
-- A point on the boundary of two wards is in both wards' answers. No measure is shared with police/street_crime, so
-- nothing is counted twice there; and the British Transport Police stands apart as it does there.
WITH placed AS (
    SELECT accepted.month, type.label AS crime_type, accepted.location_type, ward.area_code
    FROM accepted
    JOIN reference.area_code AS ward ON ward.code = accepted.ward_code
    JOIN reference.code AS type ON type.codelist = 'crime_categories' AND type.code = accepted.category
), counted AS (
    SELECT 'ward_crime' AS measure, * FROM placed
    WHERE location_type = 'Force' AND crime_type <> 'Anti-social behaviour'
    UNION ALL
    SELECT 'ward_anti_social_behaviour', * FROM placed
    WHERE location_type = 'Force' AND crime_type = 'Anti-social behaviour'
    UNION ALL
    SELECT 'ward_transport_police_crime', * FROM placed
    WHERE location_type = 'BTP' AND crime_type <> 'Anti-social behaviour'
), shown AS (
    SELECT
        measure,
        month,
        area_code,
        unnest(CASE measure WHEN 'ward_crime' THEN [
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'crime_type', 'category': crime_type}
        ] ELSE [
            {'breakdown': 'all', 'category': 'all'}
        ] END, recursive := true)
    FROM counted
)
SELECT
    measure,
    month AS period_start,
    last_day(month) AS period_end,
    area_code,
    breakdown,
    category,
    CAST(count(*) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM shown
GROUP BY ALL
