-- What this publication says otherwise than the one before it did, and the deliveries that came in between. A figure
-- that is withheld, or was, is not listed: how far it moved would tell of it.
WITH feeding AS (
    SELECT indicator, period, delivery_id FROM performance.provenance
), told_before AS (
    SELECT indicator, period, delivery_id FROM before_provenance WHERE framework = $framework
), because AS (
    SELECT indicator, period, string_agg(delivery_id, ', ' ORDER BY delivery_id) AS deliveries
    FROM (SELECT DISTINCT * FROM (FROM feeding EXCEPT FROM told_before))
    GROUP BY ALL
), gone AS (
    SELECT indicator, period, string_agg(delivery_id, ', ' ORDER BY delivery_id) AS deliveries
    FROM (SELECT DISTINCT * FROM (FROM told_before EXCEPT FROM feeding))
    GROUP BY ALL
)
SELECT
    now.framework,
    $period AS publication_period,
    now.period,
    now.period_end,
    now.indicator,
    now.name,
    now.area_code,
    now.area_name,
    now.breakdown,
    now.category,
    before.value AS value_before,
    now.value,
    before.ytd AS ytd_before,
    now.ytd,
    before.rag AS rag_before,
    now.rag,
    before.status AS status_before,
    now.status,
    because.deliveries AS new_deliveries,
    gone.deliveries AS gone_deliveries,
    before.publication_id AS publication_before,
    now.publication_id
FROM performance.indicator AS now
JOIN before_indicator AS before
    ON before.framework = now.framework
    AND before.indicator = now.indicator
    AND before.period = now.period
    AND before.area_code = now.area_code
    AND before.breakdown = now.breakdown
    AND before.category = now.category
LEFT JOIN because ON because.indicator = now.indicator AND because.period = now.period
LEFT JOIN gone ON gone.indicator = now.indicator AND gone.period = now.period
WHERE NOT now.suppressed
    AND NOT before.suppressed
    AND (before.value IS DISTINCT FROM now.value OR before.rag IS DISTINCT FROM now.rag
        OR before.status IS DISTINCT FROM now.status)
ORDER BY now.indicator, now.period_end, now.area_code, now.breakdown, now.category;
