-- Numerators and denominators: pooled sums of weighted amounts per span, area, breakdown and category.
-- DECIMAL throughout: exact, so that no order of rows or threads can change a figure.
CREATE OR REPLACE TEMP TABLE value_sum AS
WITH counted AS (
    SELECT partner, dataset, measure, period_start, period_end, area_code, breakdown, category, sum(amount) AS amount
    FROM value_live
    GROUP BY ALL
), deprived AS (
    SELECT area_code, category FROM reference.deprivation
    UNION ALL
    SELECT fit.from_code, deprivation.category  -- a neighbourhood that was split since keeps the place of the whole
    FROM reference.best_fit AS fit
    JOIN reference.deprivation AS deprivation ON deprivation.area_code = fit.to_code
    WHERE fit.from_code NOT IN (SELECT area_code FROM reference.deprivation)
), amounts AS (
    FROM counted
    UNION ALL
    SELECT
        counted.partner, counted.dataset, counted.measure, counted.period_start, counted.period_end,
        partnership.area_code, 'deprivation', deprived.category, sum(counted.amount)
    FROM counted
    JOIN deprived USING (area_code)
    CROSS JOIN reference.partnership AS partnership
    WHERE counted.breakdown = 'all'
    GROUP BY ALL
), worst AS (
    SELECT area_code FROM reference.worst_neighbourhoods WHERE qualifies
    UNION
    SELECT fit.from_code
    FROM reference.best_fit AS fit
    JOIN reference.worst_neighbourhoods AS base ON base.area_code = fit.to_code AND base.qualifies
), shown AS (
    SELECT framework, indicator, 'all' AS breakdown FROM reference.indicator
    UNION
    SELECT framework, indicator, breakdown FROM reference.breakdown WHERE breakdown <> 'ward'
), added AS (
    SELECT
        span.framework, span.indicator, span.period, span.span, span.kind, term.part,
        reach.area_code, reach.place, amounts.breakdown, amounts.category,
        CAST(sum(amounts.amount * term.weight) AS DECIMAL(28, 9)) AS amount
    FROM value_span AS span
    JOIN reference.term AS term USING (framework, indicator)
    JOIN amounts
        ON amounts.partner = term.partner
        AND amounts.dataset = term.dataset
        AND amounts.measure = term.measure
        AND amounts.period_start >= span.span_start
        AND amounts.period_end <= span.span_end
        AND (span.kind <> 'snapshot' OR amounts.period_end = span.span_end)
        AND (span.months IS NULL OR list_contains(span.months, month(amounts.period_end)))
    JOIN shown
        ON shown.framework = span.framework
        AND shown.indicator = span.indicator
        AND shown.breakdown = amounts.breakdown
    JOIN value_reach AS reach ON reach.from_area = amounts.area_code
    JOIN reference.framework AS framework ON framework.framework = span.framework
    LEFT JOIN reference.measure AS measure
        ON measure.partner = term.partner AND measure.dataset = term.dataset AND measure.measure = term.measure
    WHERE (span.areas IS NULL
            OR span.areas = 'worst_neighbourhoods' AND amounts.area_code IN (SELECT area_code FROM worst))
        -- What its source worked out is true of its own area: it is never added up over several.
        AND (reach.from_area = reach.area_code OR measure.unit IS DISTINCT FROM 'as stated')
        -- Wards have a headline only, and only where the indicator is shown by ward.
        AND (reach.level <> 'ward'
            OR amounts.breakdown = 'all' AND span.areas IS NULL
                AND reach.ward_vintage IS NOT DISTINCT FROM framework.ward_vintage
                AND EXISTS (
                SELECT 1 FROM reference.breakdown AS shown_by
                WHERE shown_by.framework = span.framework
                    AND shown_by.indicator = span.indicator
                    AND shown_by.breakdown = 'ward'))
    GROUP BY ALL
)
SELECT
    added.framework, added.indicator, added.period, added.span, added.part,
    added.area_code, added.place, added.breakdown, added.category,
    CASE WHEN added.kind IN ('rolling_average', 'mean_of_months')
        THEN CAST(added.amount / cover.parts AS DECIMAL(28, 9))
        ELSE added.amount
    END AS amount
FROM added
JOIN value_cover AS cover USING (framework, indicator, period, span, place)
WHERE cover.covered;
