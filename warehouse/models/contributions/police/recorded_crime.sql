-- Notifiable offences of the quarter by ward, for NI 15, NI 16 and NI 20.
-- Which Home Office classes make up an indicator stands in the code lists ni15_offences, ni16_offences, ni20_offences.
WITH families AS (
    SELECT 'serious_violent_crime' AS measure, code FROM reference.code WHERE codelist = 'ni15_offences'
    UNION ALL
    SELECT 'serious_acquisitive_crime', code FROM reference.code WHERE codelist = 'ni16_offences'
    UNION ALL
    SELECT 'assault_with_injury', code FROM reference.code WHERE codelist = 'ni20_offences'
), placed AS (
    SELECT
        accepted.offence_code,
        accepted.domestic_flag,
        coalesce(offence.label, 'Not known') AS offence,
        coalesce(ward.area_code, neighbourhood.parent_code, partnership.area_code) AS area_code
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.area_code AS ward ON ward.code = accepted.ward_code
    LEFT JOIN reference.area AS neighbourhood
        ON neighbourhood.area_code = accepted.lsoa_code AND neighbourhood.area_type = 'lsoa'
    LEFT JOIN reference.code AS offence
        ON offence.codelist = 'offence_codes' AND offence.code = accepted.offence_code
), counted AS (
    SELECT families.measure, placed.area_code, placed.offence
    FROM placed
    JOIN families ON families.code = placed.offence_code
    UNION ALL
    SELECT 'all_recorded_crime', area_code, offence FROM placed
    UNION ALL
    SELECT 'domestic_abuse_crime', area_code, offence FROM placed WHERE domestic_flag = 'Y'
), shown AS (
    SELECT
        measure,
        area_code,
        unnest([
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'offence', 'category': offence}
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
