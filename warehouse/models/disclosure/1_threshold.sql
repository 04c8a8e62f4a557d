-- Per indicator, the count below which nothing may be shown: the strictest of the agreements that feed it, 0 = none.
-- A dataset that no agreement names is treated as strictly as is usual, never as open.
CREATE OR REPLACE TABLE disclosure.threshold AS
WITH agreed AS (
    SELECT partner, dataset, max(suppression_n) AS suppression_n
    FROM reference.agreement
    GROUP BY ALL
)
SELECT
    term.framework,
    term.indicator,
    max(coalesce(agreed.suppression_n, $usual)) AS threshold
FROM reference.term AS term
LEFT JOIN agreed USING (partner, dataset)
WHERE term.dataset IS NOT NULL AND term.framework = $framework
GROUP BY ALL;
