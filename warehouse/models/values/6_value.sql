-- The figures: division last, after the multiplication. What is not in is missing, never zero; what is in and has no row is zero.
INSERT INTO warehouse.merged.value
WITH measured AS (
    -- Whether the denominator is measured (else a population or none), and whether every amount is whole cases.
    SELECT
        term.framework,
        term.indicator,
        bool_or(term.part = 'denominator' AND term.measure IS NOT NULL) AS over_measure,
        bool_or(term.part = 'denominator') AS over_something,
        bool_and(term.measure IS NULL OR (term.weight = 1 AND coalesce(measure.unit, '') = 'count')) AS of_cases
    FROM reference.term AS term
    LEFT JOIN reference.measure AS measure USING (partner, dataset, measure)
    GROUP BY ALL
), rows_to_show AS (
    -- The partnership's headline, always; but history from before the framework only where there is any (below).
    SELECT shown.framework, shown.indicator, shown.period, partnership.area_code, partnership.area_code AS place,
        'all' AS breakdown, 'all' AS category
    FROM value_window AS shown
    JOIN reference.framework AS framework USING (framework)
    CROSS JOIN reference.partnership AS partnership
    WHERE shown.period_end >= framework.starts
    UNION
    -- Every ward, once the figure is in: a ward without a row is a zero.
    SELECT shown.framework, shown.indicator, shown.period, ward.area_code, cover.place, 'all', 'all'
    FROM value_window AS shown
    JOIN reference.breakdown AS shown_by USING (framework, indicator)
    JOIN value_cover AS cover USING (framework, indicator, period)
    JOIN reference.framework AS framework USING (framework)
    JOIN reference.area AS ward
        ON ward.area_type = 'ward' AND ward.parent_code = cover.place
        AND ward.vintage IS NOT DISTINCT FROM framework.ward_vintage
    WHERE shown_by.breakdown = 'ward' AND shown.areas IS NULL AND cover.span = 'own' AND cover.covered
    UNION
    -- Comparators and categories that occur, in the period or earlier in its year.
    SELECT sums.framework, sums.indicator, sums.period, sums.area_code, sums.place, sums.breakdown, sums.category
    FROM value_sum AS sums
    JOIN value_cover AS cover USING (framework, indicator, period, place)
    WHERE cover.span = 'own' AND cover.covered
), totals AS (
    SELECT
        shown.framework, shown.indicator, shown.period, shown.area_code, shown.place,
        shown.breakdown, shown.category,
        max(sums.amount) FILTER (WHERE sums.span = 'own' AND sums.part = 'numerator') AS own_numerator,
        max(sums.amount) FILTER (WHERE sums.span = 'own' AND sums.part = 'denominator') AS own_denominator,
        max(sums.amount) FILTER (WHERE sums.span = 'base') AS base_amount,
        max(sums.amount) FILTER (WHERE sums.span = 'ytd' AND sums.part = 'numerator') AS year_numerator,
        max(sums.amount) FILTER (WHERE sums.span = 'ytd' AND sums.part = 'denominator') AS year_denominator
    FROM rows_to_show AS shown
    LEFT JOIN value_sum AS sums
        ON sums.framework = shown.framework
        AND sums.indicator = shown.indicator
        AND sums.period = shown.period
        AND sums.area_code = shown.area_code
        AND sums.breakdown = shown.breakdown
        AND sums.category = shown.category
    GROUP BY ALL
), living AS (
    -- How the people of the area live in more and less deprived neighbourhoods.
    SELECT category, CAST(sum(persons) / sum(sum(persons)) OVER () AS DECIMAL(18, 12)) AS share
    FROM reference.deprivation
    GROUP BY category
), fractions AS (
    SELECT
        totals.framework, totals.indicator, totals.period, shown.period_start, shown.period_end,
        totals.area_code, totals.breakdown, totals.category,
        indicator.kind, indicator.multiplier,
        measured.of_cases,
        measured.over_something OR is_change(indicator.kind) AS over_something,
        -- A share of what was measured, or cases among a population: the two kinds of interval.
        indicator.kind = 'percent'
            OR (indicator.kind IN ('snapshot', 'rolling_total') AND measured.over_measure AND indicator.multiplier = 100)
            AS is_share,
        indicator.kind = 'rate'
            OR (indicator.kind = 'rolling_total' AND measured.over_something AND NOT measured.over_measure) AS is_rate,
        coalesce(own.covered, false)
            AND (coalesce(base.covered, false) OR NOT is_change(indicator.kind))
            AND (populations.persons IS NOT NULL OR measured.over_measure OR NOT measured.over_something) AS present,
        coalesce(ytd.covered, false) AND present AS year_present,
        CASE WHEN present THEN coalesce(totals.own_numerator, 0) END AS numerator,
        CASE
            WHEN present AND is_change(indicator.kind) THEN coalesce(totals.base_amount, 0)
            WHEN NOT present OR NOT measured.over_something THEN NULL
            WHEN measured.over_measure THEN coalesce(totals.own_denominator, 0)
            ELSE coalesce(CAST(round(populations.persons * living.share) AS DECIMAL(28, 9)), populations.persons)
        END AS denominator,
        CASE WHEN year_present THEN coalesce(totals.year_numerator, 0) END AS year_numerator,
        CASE
            WHEN NOT year_present OR NOT measured.over_something THEN NULL
            WHEN measured.over_measure THEN coalesce(totals.year_denominator, 0)
            ELSE coalesce(CAST(round(populations.persons * living.share) AS DECIMAL(28, 9)), populations.persons)
        END AS year_denominator,
        CASE WHEN present THEN populations.population_year END AS population_year,
        coalesce(populations.stand_in, false) AS stand_in,
        coalesce(own.deliveries, 0) AS deliveries,
        stated.basis,
        stated.source,
        stated.measured_on
    FROM totals
    JOIN value_window AS shown USING (framework, indicator, period)
    JOIN reference.indicator AS indicator USING (framework, indicator)
    JOIN measured USING (framework, indicator)
    LEFT JOIN value_population AS populations
        ON populations.framework = totals.framework
        AND populations.indicator = totals.indicator
        AND populations.period = totals.period
        AND populations.area_code = totals.area_code
    LEFT JOIN living ON totals.breakdown = 'deprivation' AND living.category = totals.category
    LEFT JOIN value_cover AS own
        ON own.framework = totals.framework
        AND own.indicator = totals.indicator
        AND own.period = totals.period
        AND own.place = totals.place
        AND own.span = 'own'
    LEFT JOIN value_cover AS ytd
        ON ytd.framework = totals.framework
        AND ytd.indicator = totals.indicator
        AND ytd.period = totals.period
        AND ytd.place = totals.place
        AND ytd.span = 'ytd'
    LEFT JOIN value_cover AS base
        ON base.framework = totals.framework
        AND base.indicator = totals.indicator
        AND base.period = totals.period
        AND base.place = totals.place
        AND base.span = 'base'
    LEFT JOIN value_stated AS stated
        ON stated.framework = totals.framework
        AND stated.indicator = totals.indicator
        AND stated.period = totals.period
        AND stated.place = totals.place
), divided AS (
    SELECT
        *,
        CASE
            WHEN NOT over_something THEN CAST(multiplier AS DOUBLE) * CAST(numerator AS DOUBLE)
            WHEN denominator > 0
                THEN CAST(multiplier AS DOUBLE) * CAST(
                    CASE kind
                        WHEN 'percent_change' THEN numerator - denominator
                        WHEN 'percent_reduction' THEN denominator - numerator
                        ELSE numerator
                    END AS DOUBLE) / CAST(denominator AS DOUBLE)
        END AS figure,
        CASE
            WHEN NOT over_something THEN CAST(multiplier AS DOUBLE) * CAST(year_numerator AS DOUBLE)
            WHEN year_denominator > 0
                THEN CAST(multiplier AS DOUBLE) * CAST(year_numerator AS DOUBLE) / CAST(year_denominator AS DOUBLE)
        END AS year_figure
    FROM fractions
)
SELECT
    framework,
    indicator,
    period,
    period_start,
    period_end,
    area_code,
    breakdown,
    category,
    numerator,
    denominator,
    figure,
    CASE
        WHEN NOT of_cases OR figure IS NULL THEN NULL
        WHEN is_share
            THEN CAST(multiplier AS DOUBLE) * wilson_lower(CAST(numerator AS DOUBLE), CAST(denominator AS DOUBLE))
        WHEN is_rate
            THEN CAST(multiplier AS DOUBLE) * byar_lower(CAST(numerator AS DOUBLE)) / CAST(denominator AS DOUBLE)
    END,
    CASE
        WHEN NOT of_cases OR figure IS NULL THEN NULL
        WHEN is_share
            THEN CAST(multiplier AS DOUBLE) * wilson_upper(CAST(numerator AS DOUBLE), CAST(denominator AS DOUBLE))
        WHEN is_rate
            THEN CAST(multiplier AS DOUBLE) * byar_upper(CAST(numerator AS DOUBLE)) / CAST(denominator AS DOUBLE)
    END,
    CASE WHEN latest_stands(kind) THEN numerator ELSE year_numerator END,
    CASE WHEN latest_stands(kind) THEN denominator ELSE year_denominator END,
    CASE WHEN latest_stands(kind) THEN figure ELSE year_figure END,
    CASE
        WHEN NOT present THEN 'missing'
        WHEN basis = 3 THEN 'estimated'
        WHEN stand_in THEN 'partial'
        ELSE 'ok'
    END,
    population_year,
    deliveries,
    CASE WHEN present THEN CASE basis WHEN 3 THEN 'estimate' WHEN 2 THEN 'provisional' WHEN 1 THEN 'final' END END,
    CASE WHEN present THEN source END,
    CASE WHEN present THEN measured_on END
FROM divided
ORDER BY framework, indicator, period_start, area_code, breakdown, category;
