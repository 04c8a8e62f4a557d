-- How each priority stands: its headline figures at their newest, counted by RAG.
WITH newest AS (
    SELECT priority, indicator, rag, suppressed, status
    FROM performance.indicator
    WHERE area_code = (SELECT area_code FROM reference.partnership) AND breakdown = 'all'
    QUALIFY row_number() OVER (PARTITION BY indicator ORDER BY period_end DESC) = 1
)
SELECT
    priority.framework,
    $period AS period,
    priority.priority,
    priority.name,
    priority.priority_order,
    count(newest.indicator) AS indicators,
    count(*) FILTER (WHERE newest.rag = 'Green') AS green,
    count(*) FILTER (WHERE newest.rag = 'Amber') AS amber,
    count(*) FILTER (WHERE newest.rag = 'Red') AS red,
    count(*) FILTER (WHERE newest.rag = 'No target') AS no_target,
    count(*) FILTER (WHERE newest.rag = 'No data') AS no_data,
    count(*) FILTER (WHERE newest.indicator IS NOT NULL AND newest.rag IS NULL) AS confidential,
    any_value(priority.no_indicator) AS no_indicator
FROM reference.priority AS priority
LEFT JOIN newest USING (priority)
WHERE priority.framework = $framework
GROUP BY ALL
ORDER BY priority.priority_order;
