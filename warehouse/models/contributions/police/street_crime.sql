-- Crimes and incidents of the month by neighbourhood, from the street-level files of data.police.uk.
--
-- The British Transport Police is no territorial force: as in the Office for National Statistics' figures by
-- community safety partnership, its crimes stand apart and never make a month look covered.
--
-- A whole month of a territorial force holds many types. An extract with rows of one type only was filtered by
-- whoever made it: it speaks for that type, not for all crime, and says nothing (not zero) about the others.
WITH placed AS (
    SELECT
        accepted.month,
        accepted.crime_type,
        accepted.falls_within = 'British Transport Police' AS transport,
        coalesce(neighbourhood.area_code, partnership.area_code) AS area_code
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.area AS neighbourhood
        ON neighbourhood.area_code = accepted.lsoa_code AND neighbourhood.area_type = 'lsoa'
), types AS (
    SELECT code AS crime_type, trim(regexp_replace(lower(code), '[^a-z]+', '_', 'g'), '_') AS measure
    FROM reference.code
    WHERE codelist = 'crime_types'
), territorial AS (
    SELECT month, count(DISTINCT crime_type) > 1 AS whole
    FROM placed
    WHERE NOT transport
    GROUP BY month
), counted AS (
    SELECT types.measure, placed.month, placed.area_code, placed.crime_type, 1 AS cases
    FROM placed
    JOIN types USING (crime_type)
    WHERE NOT placed.transport
    UNION ALL
    -- In a whole month no row of a type means none of that type.
    SELECT types.measure, territorial.month, partnership.area_code, types.crime_type, 0
    FROM territorial
    CROSS JOIN types
    CROSS JOIN reference.partnership AS partnership
    WHERE territorial.whole
    UNION ALL
    -- Anti-social behaviour is incidents, not crimes.
    SELECT 'all_crime', placed.month, placed.area_code, placed.crime_type, 1
    FROM placed
    JOIN territorial USING (month)
    WHERE NOT placed.transport AND territorial.whole AND placed.crime_type <> 'Anti-social behaviour'
    UNION ALL
    SELECT 'transport_police_crime', month, area_code, crime_type, 1
    FROM placed
    WHERE transport AND crime_type <> 'Anti-social behaviour'
), shown AS (
    SELECT
        measure,
        month,
        area_code,
        cases,
        unnest(CASE WHEN measure IN ('all_crime', 'transport_police_crime') THEN [
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
    CAST(sum(cases) AS DECIMAL(28, 9)) AS amount,
    CAST(sum(cases) AS BIGINT) AS rows
FROM shown
GROUP BY ALL
