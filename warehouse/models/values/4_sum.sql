-- Numerators and denominators: pooled sums of weighted amounts per span, area, breakdown and category.
-- DECIMAL throughout: exact, so that no order of rows or threads can change a figure.
CREATE OR REPLACE TEMP TABLE value_sum AS
WITH amounts AS (
    SELECT partner, dataset, measure, period_start, period_end, area_code, breakdown, category, sum(amount) AS amount
    FROM value_live
    GROUP BY ALL
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
    WHERE (span.areas IS NULL
            OR span.areas = 'worst_neighbourhoods' AND amounts.area_code IN (
                SELECT area_code FROM reference.worst_neighbourhoods WHERE qualifies))
        -- Wards have a headline only, and only where the indicator is shown by ward.
        AND (reach.level <> 'ward'
            OR amounts.breakdown = 'all' AND span.areas IS NULL AND EXISTS (
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
