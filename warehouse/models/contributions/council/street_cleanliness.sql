-- Street survey of a four-month tranche by ward, for NI 195: per element the transects graded, those below standard
-- (grades C, C- and D) and those at B-, which count half (DOMAIN.md 1.3). The half stands in the indicator's formula.
WITH transects AS (
    SELECT
        coalesce(use.label, 'Not known') AS land_use,
        coalesce(ward.area_code, partnership.area_code) AS area_code,
        unnest([
            {'element': 'litter', 'grade': accepted.litter},
            {'element': 'detritus', 'grade': accepted.detritus},
            {'element': 'graffiti', 'grade': accepted.graffiti},
            {'element': 'flyposting', 'grade': accepted.flyposting}
        ], recursive := true)
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.area_code AS ward ON ward.code = accepted.ward_code
    LEFT JOIN reference.code AS use ON use.codelist = 'land_uses' AND use.code = accepted.land_use
), counted AS (
    SELECT element || '_transects' AS measure, area_code, land_use FROM transects WHERE grade IS NOT NULL
    UNION ALL
    SELECT element || '_below_standard', area_code, land_use FROM transects WHERE grade IN ('C', 'C-', 'D')
    UNION ALL
    SELECT element || '_at_b_minus', area_code, land_use FROM transects WHERE grade = 'B-'
), shown AS (
    SELECT
        measure,
        area_code,
        unnest([
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'land_use', 'category': land_use}
        ], recursive := true)
    FROM counted
)
SELECT
    measure,
    CAST(getvariable('period_start') AS DATE) AS period_start,
    CAST(getvariable('period_end') AS DATE) AS period_end,
    area_code,
    breakdown,
    category,
    CAST(count(*) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM shown
GROUP BY ALL
