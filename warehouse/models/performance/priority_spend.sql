-- What is spent on each priority beside what it achieves: one row a priority, also where no money is stated for it.
WITH newest AS (
    SELECT priority, indicator, rag, direction_short, direction_long
    FROM performance.indicator
    WHERE area_code = (SELECT area_code FROM reference.partnership) AND breakdown = 'all'
    QUALIFY row_number() OVER (PARTITION BY indicator ORDER BY period_end DESC) = 1
), funded AS (
    SELECT DISTINCT unnest(indicators) AS indicator FROM performance.spend
), achieved AS (
    SELECT
        newest.priority,
        count(*) FILTER (WHERE newest.rag IN ('Green', 'Amber', 'Red')) AS rated,
        count(*) FILTER (WHERE newest.rag = 'Green') AS on_track,
        CASE
            WHEN bool_or('worse' IN (newest.direction_short, newest.direction_long)) THEN 'worse'
            WHEN bool_or('same' IN (newest.direction_short, newest.direction_long)) THEN 'same'
            WHEN bool_or('better' IN (newest.direction_short, newest.direction_long)) THEN 'better'
        END AS worst_direction,
        list(newest.indicator ORDER BY newest.indicator) FILTER (WHERE funded.indicator IS NULL) AS without_spend
    FROM newest
    LEFT JOIN funded USING (indicator)
    GROUP BY ALL
), spent AS (
    SELECT
        priority,
        count(*) AS lines,
        sum(budget) AS budget,
        sum(forecast) AS forecast,
        sum(actual) AS actual,
        sum(budget) FILTER (WHERE without_indicator) AS budget_without_indicator,
        list(DISTINCT line ORDER BY line) FILTER (WHERE without_indicator) AS lines_without_indicator
    FROM performance.spend
    GROUP BY ALL
)
SELECT
    priority.framework,
    $period AS period,
    priority.priority,
    priority.name,
    priority.priority_order,
    coalesce(spent.lines, 0) AS lines,
    spent.budget,
    CAST(CAST(100 * spent.budget AS DOUBLE) / nullif(CAST(sum(spent.budget) OVER () AS DOUBLE), 0) AS DECIMAL(9, 3))
        AS share_percent,
    spent.forecast,
    spent.actual,
    CAST(CASE WHEN spent.budget > 0
        THEN CAST(100 * (spent.forecast - spent.budget) AS DOUBLE) / CAST(spent.budget AS DOUBLE) END AS DECIMAL(9, 3))
        AS variance_percent,
    coalesce(achieved.rated, 0) AS rated,
    coalesce(achieved.on_track, 0) AS on_track,
    CAST(CASE WHEN achieved.rated > 0 THEN CAST(100 * achieved.on_track AS DOUBLE) / achieved.rated END AS DECIMAL(9, 3))
        AS on_track_percent,
    achieved.worst_direction,
    spent.budget_without_indicator,
    coalesce(spent.lines_without_indicator, []) AS lines_without_indicator,
    coalesce(achieved.without_spend, []) AS indicators_without_spend
FROM reference.priority AS priority
LEFT JOIN spent USING (priority)
LEFT JOIN achieved USING (priority)
-- Where no money is stated at all there is nothing to set beside performance.
WHERE priority.framework = $framework AND EXISTS (SELECT 1 FROM performance.spend)
ORDER BY priority.priority_order;
