-- Days taken over housing and council tax benefit claims and change events decided in the quarter, for NI 181.
-- Days are calendar days from receipt to decision; the mean is taken over all events, never over quarters' means.
WITH decisions AS (
    SELECT
        accepted.decided_on - accepted.received_on AS days,
        coalesce(kind.label, 'Not known') AS claim_kind,
        coalesce(benefit.label, 'Not known') AS benefit,
        partnership.area_code
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.code AS kind ON kind.codelist = 'claim_kinds' AND kind.code = accepted.claim_kind
    LEFT JOIN reference.code AS benefit ON benefit.codelist = 'benefits' AND benefit.code = accepted.benefit
    WHERE accepted.decided_on IS NOT NULL AND accepted.received_on IS NOT NULL
), measured AS (
    SELECT 'events_decided' AS measure, area_code, claim_kind, benefit, 1 AS amount FROM decisions
    UNION ALL
    SELECT 'days_taken', area_code, claim_kind, benefit, days FROM decisions
), shown AS (
    SELECT
        measure,
        area_code,
        amount,
        unnest([
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'claim_kind', 'category': claim_kind},
            {'breakdown': 'benefit', 'category': benefit}
        ], recursive := true)
    FROM measured
)
SELECT
    measure,
    CAST(getvariable('period_start') AS DATE) AS period_start,
    CAST(getvariable('period_end') AS DATE) AS period_end,
    area_code,
    breakdown,
    category,
    CAST(sum(amount) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM shown
GROUP BY ALL
