-- The publication itself, one row.
SELECT
    framework.framework,
    $period AS period,
    $first AS period_start,
    $last AS period_end,
    framework.title,
    'provisional' AS status,
    $published_at AS published_at,
    $models_sha256 AS models_sha256,
    (SELECT count(*) FROM performance.indicator) AS figures,
    (SELECT count(*) FROM performance.indicator WHERE suppressed) AS figures_withheld
FROM reference.framework AS framework
WHERE framework.framework = $framework;
