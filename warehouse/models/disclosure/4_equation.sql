-- Everything an attacker can add up, one row per equation and cell in it. A cell that is shown or known is a number to
-- him, the others are unknowns; the auditor (warehouse/disclosure_audit.py) solves for them.
CREATE OR REPLACE TABLE disclosure.equation AS
WITH amount AS (
    SELECT cell, 1 AS measure, numerator AS amount FROM disclosure.cell
    UNION ALL
    SELECT cell, 2, rest FROM disclosure.cell
), added AS (
    -- A total and its parts. Where the parts of a denominator are not all counted, there is nothing to add up.
    SELECT concat_ws(' ', 'family', member.family, amount.measure) AS name, amount.measure, member.cell,
        CASE WHEN member.is_total THEN -1 ELSE 1 END AS coefficient, amount.amount, count(*) OVER whole AS size
    FROM disclosure.member AS member
    JOIN amount USING (cell)
    WINDOW whole AS (PARTITION BY member.family, amount.measure)
    QUALIFY bool_or(member.is_total) OVER whole AND bool_and(amount.amount IS NOT NULL) OVER whole
    UNION ALL
    -- Numbers of several indicators.
    SELECT name, measure, cell, coefficient, amount, size FROM disclosure.total WHERE cell IS NOT NULL
), earlier AS (
    -- What an earlier release left unsaid of a sum has a sum that is known. It helps an attacker while it still
    -- holds: while what was said then adds up to what would be said now.
    SELECT DISTINCT name, list({cell: cell, measure: measure} ORDER BY cell, measure) FILTER (WHERE hidden) AS unsaid
    FROM (
        SELECT
            added.*,
            told.publication,
            told.hidden,
            CASE added.measure WHEN 1 THEN told.numerator ELSE told.rest END AS said
        FROM added
        JOIN disclosure.told AS told USING (cell)
    )
    GROUP BY publication, name
    HAVING bool_or(hidden)
        AND count(*) = any_value(size)
        AND coalesce(sum(coefficient * (said - amount)) FILTER (WHERE NOT hidden), 0) = 0
), formula AS (
    SELECT term.framework, term.indicator,
        list_sort(list(concat_ws(' ', term.partner, term.dataset, term.measure, term.weight, indicator.areas)))
            AS terms
    FROM reference.term AS term
    JOIN reference.indicator AS indicator USING (framework, indicator)
    WHERE term.part = 'numerator' AND term.dataset IS NOT NULL
    GROUP BY ALL
), counted AS (
    SELECT cell.*, formula.terms
    FROM disclosure.cell AS cell
    JOIN formula USING (framework, indicator)
    WHERE cell.adds_up AND cell.span = 'period'
        AND formula.terms IN (SELECT terms FROM formula GROUP BY terms HAVING count(*) > 1)
), calendar AS (
    -- The same count by month and by quarter.
    SELECT long.cell AS whole, short.framework, short.indicator, list(short.cell ORDER BY short.cell) AS parts
    FROM counted AS long
    JOIN counted AS short
        ON short.terms = long.terms
        AND short.area_code = long.area_code
        AND short.breakdown = long.breakdown
        AND short.category = long.category
        AND short.period_start >= long.period_start
        AND short.period_end <= long.period_end
        AND short.period <> long.period
    GROUP BY ALL
    HAVING sum(short.period_end - short.period_start + 1) = any_value(long.period_end - long.period_start + 1)
        AND sum(short.numerator) = any_value(long.numerator)
), listed AS (
    SELECT name, measure, cell, coefficient FROM added
    UNION ALL
    SELECT concat_ws(' ', 'twin', cell, twin), 1, unnest([cell, twin]), unnest([1, -1])
    FROM disclosure.twin
    WHERE cell < twin
    UNION ALL
    SELECT concat_ws(' ', 'calendar', whole, framework, indicator), 1, unnest(list_prepend(whole, parts)),
        unnest(list_prepend(-1, list_transform(parts, lambda part: 1)))
    FROM calendar
    UNION ALL
    SELECT concat_ws(' ', 'earlier', earlier.name, earlier.unsaid), added.measure, added.cell, added.coefficient
    FROM earlier
    JOIN added ON added.name = earlier.name
        AND list_contains(earlier.unsaid, {cell: added.cell, measure: added.measure})
)
SELECT dense_rank() OVER (ORDER BY name) AS equation, measure, cell, coefficient FROM listed;
