-- People on out-of-work benefits on the counting day by neighbourhood, for NI 152 and NI 153.
-- The neighbourhood (2001 LSOA) is kept: NI 153 needs it. A snapshot: the indicators average four of them.
WITH counting_day AS (
    SELECT
        accepted.claimants,
        coalesce(benefit.label, 'Not known') AS benefit,
        coalesce(neighbourhood.area_code, partnership.area_code) AS area_code
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.area AS neighbourhood
        ON neighbourhood.area_code = accepted.lsoa_code AND neighbourhood.area_type = 'lsoa'
    LEFT JOIN reference.code AS benefit
        ON benefit.codelist = 'out_of_work_benefits' AND benefit.code = accepted.benefit
    WHERE accepted.as_at = (SELECT max(as_at) FROM accepted)
), shown AS (
    SELECT
        area_code,
        claimants,
        unnest([
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'benefit', 'category': benefit}
        ], recursive := true)
    FROM counting_day
    WHERE claimants IS NOT NULL
)
SELECT
    'out_of_work_claimants' AS measure,
    CAST(getvariable('period_start') AS DATE) AS period_start,
    CAST(getvariable('period_end') AS DATE) AS period_end,
    area_code,
    breakdown,
    category,
    CAST(sum(claimants) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM shown
GROUP BY ALL
