-- Numbers of indicators that add up with others (disclosure.summand), one row per number and place; what nobody
-- protects has no cell and is known to all. Each place has a pattern: the set of numbers it has.
CREATE OR REPLACE TABLE disclosure.countable AS
WITH counted AS (
    SELECT
        cell, framework, indicator, span, period, area_code, breakdown, category,
        unnest([1, 2]) AS measure, unnest([numerator, rest]) AS amount
    FROM disclosure.cell
    UNION ALL
    SELECT
        NULL, framework, indicator, 'period', period, area_code, breakdown, category, unnest([1, 2]),
        unnest([abs(numerator), protected_rest(numerator, denominator, is_share, over_people, breakdown)])
    FROM disclosure.shown
    WHERE coalesce(threshold, 0) = 0
)
SELECT counted.*, summand.counted_alike
FROM counted
JOIN disclosure.summand AS summand USING (framework, indicator)
WHERE amount IS NOT NULL;

CREATE OR REPLACE TABLE disclosure.pattern AS
WITH placed AS (
    SELECT
        counted_alike, span, period, area_code, breakdown, category,
        list({framework: framework, indicator: indicator, measure: measure} ORDER BY framework, indicator, measure)
            AS members
    FROM disclosure.countable
    GROUP BY ALL
    HAVING count(*) > 1
)
SELECT *, dense_rank() OVER (ORDER BY members) AS pattern FROM placed;
