-- Outcomes of crimes by ward and month, from the outcome files of data.police.uk: decisions of the month, not crimes.
WITH placed AS (
    SELECT
        accepted.month,
        accepted.outcome_type,
        coalesce(neighbourhood.parent_code, partnership.area_code) AS area_code
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.area AS neighbourhood
        ON neighbourhood.area_code = accepted.lsoa_code AND neighbourhood.area_type = 'lsoa'
), counted AS (
    SELECT 'crime_outcomes' AS measure, * FROM placed
    UNION ALL
    SELECT 'crimes_closed_with_no_suspect', * FROM placed
    WHERE outcome_type = 'Investigation complete; no suspect identified'
    UNION ALL
    SELECT 'suspects_charged', * FROM placed
    WHERE outcome_type IN ('Suspect charged', 'Suspect charged as part of another case')
), shown AS (
    SELECT
        measure,
        month,
        area_code,
        unnest(CASE measure WHEN 'crime_outcomes' THEN [
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'outcome', 'category': outcome_type}
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
