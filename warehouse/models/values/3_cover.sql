-- Per span and place: is everything in that the formula needs, in how many parts, from how many deliveries?
CREATE OR REPLACE TEMP TABLE value_cover AS
WITH place AS (
    SELECT area_code AS place FROM reference.partnership
    UNION
    SELECT area_code FROM reference.comparator
), parts AS (
    SELECT DISTINCT partner, dataset, measure, place, period_start, period_end FROM value_held
), needed AS (
    SELECT
        span.framework, span.indicator, span.period, span.span, span.kind, span.months, span.span_start, span.span_end,
        term.part, term.partner, term.dataset, term.measure, place.place
    FROM value_span AS span
    JOIN reference.term AS term USING (framework, indicator)
    CROSS JOIN place
    WHERE term.dataset IS NOT NULL
), found AS (
    SELECT
        needed.framework, needed.indicator, needed.period, needed.span, needed.place,
        needed.kind, needed.months, needed.span_start, needed.span_end, needed.part, needed.partner, needed.dataset, needed.measure,
        count(parts.period_start) AS parts,
        max(parts.period_end) AS held_to,
        coalesce(sum(parts.period_end - parts.period_start + 1), 0) AS days
    FROM needed
    LEFT JOIN parts
        ON parts.partner = needed.partner
        AND parts.dataset = needed.dataset
        AND (parts.measure IS NULL OR parts.measure = needed.measure)
        AND parts.place = needed.place
        AND parts.period_start >= needed.span_start
        AND parts.period_end <= needed.span_end
        AND (needed.months IS NULL OR list_contains(needed.months, month(parts.period_end)))
    GROUP BY ALL
), met AS (
    SELECT
        framework, indicator, period, span, place, parts,
        CASE kind
            -- The count on the last day is all a snapshot needs.
            WHEN 'snapshot' THEN coalesce(held_to = span_end, false)
            -- Each of the named months, and nothing of the others.
            WHEN 'mean_of_months' THEN parts = len(months)
            ELSE days = span_end - span_start + 1
        END AS complete
    FROM found
), spoken AS (
    SELECT
        needed.framework, needed.indicator, needed.period, needed.span, needed.place,
        count(DISTINCT held.delivery_id) AS deliveries
    FROM needed
    JOIN value_held AS held
        ON held.partner = needed.partner
        AND held.dataset = needed.dataset
        AND (held.measure IS NULL OR held.measure = needed.measure)
        AND held.place = needed.place
        AND held.period_start >= needed.span_start
        AND held.period_end <= needed.span_end
        AND (needed.kind <> 'snapshot' OR held.period_end = needed.span_end)
        AND (needed.months IS NULL OR list_contains(needed.months, month(held.period_end)))
    GROUP BY ALL
)
SELECT
    met.framework, met.indicator, met.period, met.span, met.place,
    bool_and(met.complete) AS covered,
    max(met.parts) AS parts,
    coalesce(any_value(spoken.deliveries), 0) AS deliveries
FROM met
LEFT JOIN spoken USING (framework, indicator, period, span, place)
GROUP BY ALL;
