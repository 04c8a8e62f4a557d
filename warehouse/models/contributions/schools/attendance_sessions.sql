-- Secondary pupils persistently absent in the school year so far, for NI 87.
--
-- Rule of 2005/06 to 2009/10 (DOMAIN.md 1.4, source S19): an enrolment is persistently absent with 64 or more half-day
-- sessions missed over half terms 1 to 5, or 52 or more over autumn and spring (half terms 1 to 4). The sixth half
-- term is not counted. With fewer than four half terms held there is no threshold, and nothing is contributed.
-- An enrolment is a pupil at a school; one without a possible session is left out.
WITH thresholds AS (
    SELECT * FROM (VALUES (5, 64), (4, 52)) AS listed(half_terms, sessions_missed)
), held AS (
    SELECT count(DISTINCT half_term) AS half_terms FROM accepted WHERE half_term BETWEEN 1 AND 5
), enrolments AS (
    SELECT
        accepted.upn,
        accepted.laestab,
        accepted.phase,
        max(accepted.year_group) AS year_group,
        max(accepted.sex) AS sex,
        coalesce(sum(accepted.sessions_authorised), 0) + coalesce(sum(accepted.sessions_unauthorised), 0) AS missed,
        count(*) AS source_rows
    FROM accepted
    WHERE accepted.half_term BETWEEN 1 AND 5
    GROUP BY accepted.upn, accepted.laestab, accepted.phase
    HAVING sum(accepted.sessions_possible) > 0
), judged AS (
    SELECT
        enrolments.missed >= thresholds.sessions_missed AS persistently_absent,
        'Year ' || enrolments.year_group AS year_group,
        coalesce(sex.label, 'Not known') AS sex,
        enrolments.source_rows,
        partnership.area_code
    FROM enrolments
    CROSS JOIN held
    JOIN thresholds USING (half_terms)
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.code AS sex ON sex.codelist = 'sexes' AND sex.code = enrolments.sex
    WHERE enrolments.phase = 'secondary'
), counted AS (
    SELECT 'secondary_enrolments' AS measure, * FROM judged
    UNION ALL
    SELECT 'secondary_persistent_absentees', * FROM judged WHERE persistently_absent
), shown AS (
    SELECT
        measure,
        area_code,
        source_rows,
        unnest([
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'sex', 'category': sex},
            {'breakdown': 'year_group', 'category': coalesce(year_group, 'Not known')}
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
    CAST(sum(source_rows) AS BIGINT) AS rows
FROM shown
GROUP BY ALL
