-- One round of secondary suppression: in each family from which a hidden cell could still be worked out, hide one
-- cell more. What is known from an earlier release hides nothing. Repeated until a round hides nothing. Returns the
-- cells hidden in this round.
UPDATE disclosure.cell SET hidden = true
WHERE own AND cell IN (
    WITH measured AS (
        SELECT member.family, member.is_total, 1 AS measure, cell.numerator AS amount, cell.known AS given,
            cell.hidden AND NOT cell.known AS unknown, cell.*
        FROM disclosure.member AS member JOIN disclosure.cell AS cell USING (cell)
        UNION ALL
        SELECT member.family, member.is_total, 2, cell.rest, cell.rest_known,
            cell.hidden AND NOT cell.rest_known, cell.*
        FROM disclosure.member AS member JOIN disclosure.cell AS cell USING (cell)
        WHERE cell.rest IS NOT NULL
    ), families AS (
        SELECT
            family,
            measure,
            any_value(threshold) AS threshold,
            bool_or(is_total) AS has_total,
            bool_or(is_total AND unknown) AS total_hidden,
            bool_or(is_total AND amount > 0 AND amount < threshold) AS total_small,
            count(*) FILTER (NOT is_total AND unknown) AS hidden_parts,
            coalesce(sum(amount) FILTER (NOT is_total AND unknown), 0) AS hidden_amount,
            bool_or(NOT is_total AND unknown AND amount = 0) AS hides_a_zero
        FROM measured
        GROUP BY ALL
    ), leaking AS (
        SELECT
            family,
            min(measure) AS measure
        FROM families
        WHERE has_total AND CASE
            -- The total is shown, so the sum of the hidden parts is known. Zeros are shown, so each is known to be
            -- one at least, unless a zero is hidden too. What is left must keep them as far apart as the threshold.
            WHEN NOT total_hidden THEN hidden_parts > 0 AND (
                hidden_parts < 2
                OR hidden_amount - CASE WHEN hides_a_zero THEN 0 ELSE hidden_parts END < greatest(threshold - 2, 1))
            -- The total is hidden: it must not be the sum of what is shown; and a small total must have room
            -- between the number of its parts and the threshold.
            ELSE hidden_parts = 0 OR (total_small AND NOT hides_a_zero AND hidden_parts >= threshold - 1)
        END
        GROUP BY family
    )
    SELECT measured.cell
    FROM leaking
    JOIN measured USING (family, measure)
    WHERE measured.own AND NOT measured.hidden AND NOT measured.given
    -- The next smallest part that is not zero, rather one that stands nowhere else; a zero only when there is no
    -- other; the total last of all.
    QUALIFY row_number() OVER (
        PARTITION BY measured.family
        ORDER BY
            measured.is_total,
            measured.amount = 0,
            measured.cell IN (SELECT cell FROM disclosure.twin),
            measured.amount,
            measured.numerator,
            measured.cell
    ) = 1
);
