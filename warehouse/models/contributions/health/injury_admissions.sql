-- Emergency admissions of children and young people for injury, for NI 70.
-- Emergency: code list emergency_admission_methods. Injury: ICD-10 S00-T79 or V01-Y36, by the first two characters
-- in code list injury_causes. Ages 0 to 17 for NI 70, 0 to 14 beside it as the later published indicator has it.
WITH admissions AS (
    SELECT
        accepted.age,
        coalesce(sex.label, 'Not known') AS sex,
        CASE
            WHEN left(upper(accepted.cause_code), 3) BETWEEN 'X60' AND 'X84' THEN 'Self-harm'
            WHEN left(upper(accepted.cause_code), 3) BETWEEN 'X85' AND 'Y09' THEN 'Assault'
            WHEN left(upper(accepted.cause_code), 3) BETWEEN 'V01' AND 'X59' THEN 'Unintentional'
            ELSE 'Intent not known'
        END AS intent,
        CASE WHEN accepted.age <= 4 THEN '0 to 4' WHEN accepted.age <= 14 THEN '5 to 14' ELSE '15 to 17' END AS age_band,
        partnership.area_code
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    JOIN reference.code AS emergency
        ON emergency.codelist = 'emergency_admission_methods' AND emergency.code = accepted.admission_method
    JOIN reference.code AS cause
        ON cause.codelist = 'injury_causes' AND cause.code = left(upper(accepted.cause_code), 2)
    LEFT JOIN reference.code AS sex ON sex.codelist = 'sexes' AND sex.code = accepted.sex
    WHERE accepted.age BETWEEN 0 AND 17
), counted AS (
    SELECT 'injury_admissions_0_17' AS measure, * FROM admissions
    UNION ALL
    SELECT 'injury_admissions_0_14', * FROM admissions WHERE age <= 14
), shown AS (
    SELECT
        measure,
        area_code,
        unnest([
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'age_band', 'category': age_band},
            {'breakdown': 'intent', 'category': intent},
            {'breakdown': 'sex', 'category': sex}
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
