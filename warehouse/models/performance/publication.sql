-- The publication itself, one row. It is ready when every extract that is owed for its period is in; final only on the
-- word of a second person (flows/releases/release.py).
WITH owed AS (
    SELECT quality.partner, quality.state IN ('accepted', 'accepted_with_exceptions', 'merged', 'expired') AS is_in
    FROM performance.data_quality AS quality
    JOIN reference.dataset_period AS owed USING (partner, dataset, period)
    WHERE quality.period_end BETWEEN $first AND $last
), partners AS (
    SELECT partner, bool_and(is_in) AS is_in FROM owed GROUP BY ALL
), counted AS (
    SELECT
        count(*) FILTER (WHERE is_in) AS partners_in,
        count(*) AS partners_owing,
        string_agg(partner, ', ' ORDER BY partner) FILTER (WHERE NOT is_in) AS partners_missing
    FROM partners
)
SELECT
    framework.framework,
    $period AS period,
    $first AS period_start,
    $last AS period_end,
    framework.title,
    CASE WHEN $approved_by IS NOT NULL THEN 'final' WHEN counted.partners_missing IS NULL THEN 'ready'
        ELSE 'provisional' END AS status,
    counted.partners_in,
    counted.partners_owing,
    counted.partners_missing,
    $approved_by AS approved_by,
    $published_at AS published_at,
    $models_sha256 AS models_sha256,
    (SELECT count(*) FROM performance.indicator) AS figures,
    (SELECT count(*) FROM performance.indicator WHERE suppressed) AS figures_withheld
FROM reference.framework AS framework
CROSS JOIN counted
WHERE framework.framework = $framework;
