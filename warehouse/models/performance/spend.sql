-- Money beside performance: each funding line's part for each priority, from the newest return of the year.
WITH year_of AS (
    SELECT
        CASE WHEN month($last) >= 4 THEN year($last) ELSE year($last) - 1 END AS first_year,
        concat('FY', first_year) AS year_id,
        make_date(first_year, 4, 1) AS starts
), stated AS (
    SELECT stated.*, year_of.year_id
    FROM stated.budget AS stated
    JOIN year_of ON stated.period_end BETWEEN year_of.starts AND $last
    WHERE stated.framework = $framework
    QUALIFY stated.period_end = max(stated.period_end) OVER (PARTITION BY stated.partner, stated.dataset)
), shared AS (
    SELECT
        stated.*,
        -- A part of a line; to the penny, so that no order of adding matters.
        CAST(stated.budget * stated.allocation_percent / 100 AS DECIMAL(18, 2)) AS own_budget,
        CAST(stated.forecast * stated.allocation_percent / 100 AS DECIMAL(18, 2)) AS own_forecast,
        CAST(stated.actual * stated.allocation_percent / 100 AS DECIMAL(18, 2)) AS own_actual,
        list_sort(list_distinct(list_filter(
            list_transform(string_split(coalesce(stated.indicators, ''), ';'), named -> trim(named)), named -> named <> '')))
            AS named
    FROM stated
), known AS (
    SELECT list(indicator) AS indicators FROM reference.indicator WHERE framework = $framework
)
SELECT
    shared.framework,
    $period AS period,
    shared.priority,
    shared.line_ref AS line,
    coalesce(grant_line.label, shared.grant_line) AS funding_line,
    coalesce(source.label, shared.funding_source) AS funding_source,
    shared.awarding_department,
    shared.controllability,
    shared.owner_partner,
    shared.delivery_partnership,
    shared.allocation_percent,
    list_filter(shared.named, one -> list_contains(known.indicators, one)) AS indicators,
    len(list_filter(shared.named, one -> list_contains(known.indicators, one))) = 0 AS without_indicator,
    shared.own_budget AS budget,
    shared.own_forecast AS forecast,
    shared.own_actual AS actual,
    CAST(CASE WHEN shared.own_budget > 0
        THEN CAST(100 * (shared.own_forecast - shared.own_budget) AS DOUBLE) / CAST(shared.own_budget AS DOUBLE) END
        AS DECIMAL(9, 3)) AS variance_percent,
    CAST(CAST(100 * shared.own_budget AS DOUBLE) / nullif(CAST(sum(shared.own_budget) OVER () AS DOUBLE), 0) AS DECIMAL(9, 3))
        AS share_percent,
    fence.grant_line IS NOT NULL AS ring_fenced,
    shared.commitment_end,
    concat_ws(' ',
        CASE WHEN fence.grant_line IS NOT NULL AND shared.funding_source = 'area_based_grant'
            THEN 'Ring-fenced in ' || shared.year_id || ', so no part of the area based grant of that year.' END,
        CASE WHEN len(list_filter(shared.named, one -> NOT list_contains(known.indicators, one))) > 0
            THEN 'Names an indicator that the framework does not have.' END) AS note,
    shared.period AS stated_for,
    shared.partner,
    shared.dataset,
    shared.delivery_id
FROM shared
CROSS JOIN known
LEFT JOIN reference.code AS grant_line ON grant_line.codelist = 'grant_lines' AND grant_line.code = shared.grant_line
LEFT JOIN reference.code AS source ON source.codelist = 'funding_sources' AND source.code = shared.funding_source
LEFT JOIN reference.ring_fence AS fence
    ON fence.framework = shared.framework AND fence.grant_line = shared.grant_line AND fence.year_id = shared.year_id
ORDER BY shared.priority, shared.partner, shared.line_ref;
