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
    -- The partnership's headline, always.
    SELECT shown.framework, shown.indicator, shown.period, partnership.area_code, partnership.area_code AS place,
        'all' AS breakdown, 'all' AS category
    FROM value_window AS shown
    CROSS JOIN reference.partnership AS partnership
    UNION
    -- Every ward, once the figure is in: a ward without a row is a zero.
    SELECT shown.framework, shown.indicator, shown.period, ward.area_code, cover.place, 'all', 'all'
    FROM value_window AS shown
    JOIN reference.breakdown AS shown_by USING (framework, indicator)
    JOIN value_cover AS cover USING (framework, indicator, period)
    JOIN reference.area AS ward ON ward.area_type = 'ward' AND ward.parent_code = cover.place
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
), fractions AS (
    SELECT
        totals.framework, totals.indicator, totals.period, shown.period_start, shown.period_end,
        totals.area_code, totals.breakdown, totals.category,
        indicator.kind, indicator.multiplier,
        measured.of_cases, measured.over_something,
        coalesce(own.covered, false) AND (populations.persons IS NOT NULL OR measured.over_measure
            OR NOT measured.over_something) AS present,
        coalesce(ytd.covered, false) AND present AS year_present,
        CASE WHEN present THEN coalesce(totals.own_numerator, 0) END AS numerator,
        CASE
            WHEN NOT present OR NOT measured.over_something THEN NULL
            WHEN measured.over_measure THEN coalesce(totals.own_denominator, 0)
            ELSE populations.persons
        END AS denominator,
        CASE WHEN year_present THEN coalesce(totals.year_numerator, 0) END AS year_numerator,
        CASE
            WHEN NOT year_present OR NOT measured.over_something THEN NULL
            WHEN measured.over_measure THEN coalesce(totals.year_denominator, 0)
            ELSE populations.persons
        END AS year_denominator,
        CASE WHEN present THEN populations.population_year END AS population_year,
        coalesce(populations.stand_in, false) AS stand_in,
        coalesce(own.deliveries, 0) AS deliveries
    FROM totals
    JOIN value_window AS shown USING (framework, indicator, period)
    JOIN reference.indicator AS indicator USING (framework, indicator)
    JOIN measured USING (framework, indicator)
    LEFT JOIN value_population AS populations
        ON populations.framework = totals.framework
        AND populations.indicator = totals.indicator
        AND populations.period = totals.period
        AND populations.area_code = totals.area_code
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
), divided AS (
    SELECT
        *,
        CASE
            WHEN NOT over_something THEN CAST(multiplier AS DOUBLE) * CAST(numerator AS DOUBLE)
            WHEN denominator > 0
                THEN CAST(multiplier AS DOUBLE) * CAST(numerator AS DOUBLE) / CAST(denominator AS DOUBLE)
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
        WHEN kind = 'percent'
            THEN CAST(multiplier AS DOUBLE) * wilson_lower(CAST(numerator AS DOUBLE), CAST(denominator AS DOUBLE))
        WHEN kind = 'rate'
            THEN CAST(multiplier AS DOUBLE) * byar_lower(CAST(numerator AS DOUBLE)) / CAST(denominator AS DOUBLE)
    END,
    CASE
        WHEN NOT of_cases OR figure IS NULL THEN NULL
        WHEN kind = 'percent'
            THEN CAST(multiplier AS DOUBLE) * wilson_upper(CAST(numerator AS DOUBLE), CAST(denominator AS DOUBLE))
        WHEN kind = 'rate'
            THEN CAST(multiplier AS DOUBLE) * byar_upper(CAST(numerator AS DOUBLE)) / CAST(denominator AS DOUBLE)
    END,
    CASE WHEN kind IN ('snapshot', 'rolling_average') THEN numerator ELSE year_numerator END,
    CASE WHEN kind IN ('snapshot', 'rolling_average') THEN denominator ELSE year_denominator END,
    CASE WHEN kind IN ('snapshot', 'rolling_average') THEN figure ELSE year_figure END,
    CASE
        WHEN NOT present THEN 'missing'
        WHEN stand_in THEN 'partial'
        ELSE 'ok'
    END,
    population_year,
    deliveries
FROM divided
ORDER BY framework, indicator, period_start, area_code, breakdown, category;
