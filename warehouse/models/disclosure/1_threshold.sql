-- How strictly each indicator is protected: the count below which nothing may be shown (0 = none) and the number its
-- counts are rounded to (0 = not at all), each the strictest of the agreements that feed it.
-- A dataset that no agreement names is treated as strictly as is usual, never as open.
CREATE OR REPLACE TABLE disclosure.strictness AS
WITH agreed AS (
    SELECT partner, dataset, max(suppression_n) AS suppression_n, max(round_to) AS round_to
    FROM reference.agreement
    GROUP BY ALL
)
SELECT
    term.framework,
    term.indicator,
    -- A figure that its source worked out and stated is no count: nobody can be counted in it.
    max(CASE WHEN measure.unit = 'as stated' THEN 0 ELSE coalesce(agreed.suppression_n, $usual) END) AS threshold,
    max(CASE WHEN measure.unit = 'as stated' THEN 0 ELSE coalesce(agreed.round_to, 0) END) AS round_to
FROM reference.term AS term
LEFT JOIN agreed USING (partner, dataset)
LEFT JOIN reference.measure AS measure USING (partner, dataset, measure)
WHERE term.dataset IS NOT NULL
GROUP BY ALL;

-- Those of the framework that is being published.
CREATE OR REPLACE TABLE disclosure.threshold AS
FROM disclosure.strictness WHERE framework = $framework;
