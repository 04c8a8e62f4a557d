-- Stops and searches in the borough by month, from the files of data.police.uk.
-- Points are snapped to a map point, and the outline is of the borough: there is no ward in the file and none is made up.
WITH searches AS (
    SELECT
        date_trunc('month', accepted.searched_on) AS month,
        partnership.area_code,
        coalesce(accepted.object_of_search, 'Not recorded') AS object_of_search,
        coalesce(outcome.label, accepted.outcome, 'Not recorded') AS outcome
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.code AS outcome
        ON outcome.codelist = 'search_outcomes' AND outcome.code = accepted.outcome
), counted AS (
    SELECT 'stops_and_searches' AS measure, * FROM searches
    UNION ALL
    SELECT 'searches_that_led_to_arrest', * FROM searches WHERE outcome = 'Arrest'
    UNION ALL
    SELECT 'searches_with_no_further_action', * FROM searches WHERE outcome = 'No further action'
), shown AS (
    SELECT
        measure,
        month,
        area_code,
        unnest(CASE measure WHEN 'stops_and_searches' THEN [
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'object_of_search', 'category': object_of_search},
            {'breakdown': 'outcome', 'category': outcome}
        ] ELSE [
            {'breakdown': 'all', 'category': 'all'}
        ] END, recursive := true)
    FROM counted
)
SELECT
    measure,
    CAST(month AS DATE) AS period_start,
    last_day(month) AS period_end,
    area_code,
    breakdown,
    category,
    CAST(count(*) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM shown
GROUP BY ALL
