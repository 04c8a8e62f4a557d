-- For each cell that the auditor could work out, hide one more of those it adds up with, or those add up with: the
-- nearest, then as in 5_secondary.sql. Returns the cells hidden.
UPDATE disclosure.cell SET hidden = true
WHERE cell IN (
    WITH near AS (
        SELECT DISTINCT exposed.cell AS exposed, other.cell, 1 AS distance
        FROM disclosure.exposed AS exposed
        JOIN disclosure.equation AS own USING (cell)
        JOIN disclosure.equation AS other USING (equation)
    ), reached AS (
        FROM near
        UNION ALL
        SELECT DISTINCT near.exposed, other.cell, 2
        FROM near
        JOIN disclosure.equation AS own USING (cell)
        JOIN disclosure.equation AS other USING (equation)
    )
    SELECT cell.cell
    FROM reached
    JOIN disclosure.cell AS cell USING (cell)
    WHERE cell.own AND NOT cell.hidden AND NOT (cell.known AND (cell.rest IS NULL OR cell.rest_known))
    QUALIFY row_number() OVER (
        PARTITION BY reached.exposed
        ORDER BY
            cell.known OR cell.rest_known,
            reached.distance,
            cell.cell IN (SELECT cell FROM disclosure.member WHERE is_total),
            cell.numerator = 0,
            cell.numerator,
            cell.cell
    ) = 1
);
