-- Sums across indicators, one row per sum and number in it: those of disclosure.relation, in every place that has the
-- numbers and where they do add up.
CREATE OR REPLACE TABLE disclosure.total AS
SELECT
    concat_ws(' ', 'across', countable.counted_alike, relation.pattern, relation.relation, countable.span,
        countable.period, countable.area_code, countable.breakdown, countable.category) AS name,
    countable.measure,
    countable.cell,
    relation.coefficient,
    countable.amount,
    count(countable.cell) OVER sum_of AS size
FROM disclosure.pattern AS pattern
JOIN disclosure.relation AS relation USING (pattern)
JOIN disclosure.countable AS countable
    USING (counted_alike, span, period, area_code, breakdown, category, framework, indicator, measure)
WINDOW sum_of AS (PARTITION BY name)
QUALIFY abs(sum(relation.coefficient * countable.amount) OVER sum_of) < 0.000001
    AND count(countable.cell) OVER sum_of > 0;

-- What is left between two numbers of which one counts all that the other does and more, where it is small: a number
-- to protect like any other, though it is published nowhere.
CREATE OR REPLACE TABLE disclosure.left_over AS
SELECT
    (SELECT max(cell) FROM disclosure.cell) + row_number() OVER (ORDER BY name) AS cell,
    *
FROM (
    SELECT
        concat_ws(' ', 'left over', countable.counted_alike, remainder.pattern, remainder.relation, countable.span,
            countable.period, countable.area_code, countable.breakdown, countable.category) AS name,
        countable.* EXCLUDE (cell, framework, indicator, measure, amount),
        min_by(countable.framework, -remainder.coefficient) AS framework,
        min_by(countable.indicator, -remainder.coefficient) AS indicator,
        sum(remainder.coefficient * countable.amount) AS amount,
        max(strictness.threshold) AS threshold,
        list({cell: countable.cell, measure: countable.measure, coefficient: remainder.coefficient,
            amount: countable.amount} ORDER BY countable.cell) AS terms
    FROM disclosure.pattern AS pattern
    JOIN disclosure.remainder AS remainder USING (pattern)
    JOIN disclosure.countable AS countable
        USING (counted_alike, span, period, area_code, breakdown, category, framework, indicator, measure)
    JOIN disclosure.strictness AS strictness USING (framework, indicator)
    GROUP BY ALL
)
WHERE amount > 0 AND amount < threshold;

INSERT INTO disclosure.cell BY NAME
SELECT cell, framework, indicator, false AS own, 'left over' AS span, period, area_code, breakdown, category, threshold,
    0 AS round_to, false AS is_share, false AS over_people, false AS adds_up, amount AS numerator, false AS known,
    false AS rest_known, false AS withheld_before, false AS stale, true AS hidden
FROM disclosure.left_over;

INSERT INTO disclosure.total BY NAME
WITH listed AS (
    SELECT name, unnest(terms, recursive := true) FROM disclosure.left_over
    UNION ALL
    SELECT name, cell, 1, -1, amount FROM disclosure.left_over
)
SELECT *, count(cell) OVER (PARTITION BY name) AS size FROM listed;
