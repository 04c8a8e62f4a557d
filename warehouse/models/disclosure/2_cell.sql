-- The numbers to protect, one row each ("cell"), with whatever else would reveal them:
--   numerator  what is counted
--   rest       the others of a percentage (denominator minus numerator), or a denominator that counts people
-- Population denominators are public. A year to date is no cell: it is the sum of its periods (see 8_figure.sql),
-- except for a part of the year that has no period here; that part is a cell of its own (span 'earlier').
-- What other frameworks have published is a cell too (own = false): it can no longer be changed, only allowed for.
CREATE OR REPLACE TABLE disclosure.shown AS
WITH measured AS (
    SELECT framework, indicator, bool_or(part = 'denominator' AND measure IS NOT NULL) AS over_people
    FROM reference.term
    GROUP BY ALL
), calendar AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY framework, indicator, year_start ORDER BY period_end) AS place,
        min(year_part) OVER (PARTITION BY framework, indicator, year_start) AS first_part
    FROM reference.period
), published_elsewhere AS (
    SELECT DISTINCT framework, indicator, period, area_code, breakdown, category, false AS own
    FROM disclosure.said
    WHERE framework <> $framework
)
SELECT
    figure.*,
    elsewhere.own IS NULL AS own,
    calendar.year_start,
    calendar.place = 1 AND calendar.first_part > 1 AS year_began_before,
    strictness.threshold,
    strictness.round_to,
    -- A change has the same count of its base under the line.
    measured.over_people OR is_change(indicator.kind) AS over_people,
    indicator.kind,
    indicator.multiplier,
    NOT latest_stands(indicator.kind) AS adds_up,
    indicator.kind IN ('percent', 'weighted_percent')
        OR (latest_stands(indicator.kind) AND indicator.multiplier = 100 AND NOT is_change(indicator.kind)
            AND indicator.kind NOT IN ('reported', 'survey')) AS is_share
FROM warehouse.merged.value AS figure
JOIN reference.indicator AS indicator USING (framework, indicator)
JOIN calendar USING (framework, indicator, period)
JOIN measured USING (framework, indicator)
LEFT JOIN disclosure.strictness AS strictness USING (framework, indicator)
LEFT JOIN published_elsewhere AS elsewhere
    USING (framework, indicator, period, area_code, breakdown, category)
WHERE elsewhere.own IS NOT NULL
    OR (figure.framework = $framework
        AND (
            figure.period_end <= $last
            -- A school year is reported while it runs, as the year so far, once an extract of it has been merged.
            OR (calendar.kind = 'academic_year' AND figure.period_start <= $last AND figure.status <> 'missing')
        ));

CREATE OR REPLACE TABLE disclosure.cell AS
WITH amounts AS (
    SELECT
        framework, indicator, own, 'period' AS span, period, period_start, period_end, year_start, area_code,
        breakdown, category, threshold, round_to, is_share, over_people, adds_up, numerator, denominator
    FROM disclosure.shown
    UNION ALL
    SELECT
        framework, indicator, own, 'earlier', period, period_start, period_end, year_start, area_code,
        breakdown, category, threshold, round_to, is_share AND over_people, over_people, adds_up,
        ytd_numerator - numerator, ytd_denominator - denominator
    FROM disclosure.shown
    WHERE adds_up AND year_began_before
)
SELECT
    row_number() OVER (
        ORDER BY framework, indicator, period_end, span, area_code, breakdown, category
    ) AS cell,
    * EXCLUDE (numerator, denominator),
    abs(numerator) AS numerator,
    protected_rest(numerator, denominator, is_share, over_people, breakdown) AS rest,
    false AS known,
    false AS rest_known,
    false AS withheld_before,
    false AS stale,
    false AS hidden
FROM amounts
WHERE threshold > 0 AND numerator IS NOT NULL;

-- What earlier releases, of whatever framework, said of these cells. Counts that were rounded are compared rounded.
CREATE OR REPLACE TABLE disclosure.told AS
SELECT
    said.publication,
    cell.cell,
    CASE cell.span WHEN 'period' THEN said.suppressed ELSE said.ytd_suppressed END AS hidden,
    CASE cell.span
        WHEN 'period' THEN abs(said.numerator)
        -- The part of the year before is told by the year to date: as it is now, or otherwise.
        WHEN 'earlier' THEN CASE WHEN said.ytd = shown.ytd AND said.numerator = shown.numerator
            THEN cell.numerator END
    END AS numerator,
    CASE cell.span
        WHEN 'period' THEN protected_rest(
            said.numerator, said.denominator, cell.is_share, cell.over_people, cell.breakdown)
        WHEN 'earlier' THEN CASE WHEN said.ytd = shown.ytd AND said.numerator = shown.numerator THEN cell.rest END
    END AS rest
FROM disclosure.said AS said
JOIN disclosure.cell AS cell USING (framework, indicator, period, area_code, breakdown, category)
JOIN disclosure.shown AS shown USING (framework, indicator, period, area_code, breakdown, category);

-- What stands in an earlier release as it would stand now is known, whatever is done now; what was withheld once
-- stays withheld: to show it later would tell what it was. What another framework said and would not say now is stale:
-- as it is now, nobody knows it.
UPDATE disclosure.cell SET
    known = found.known,
    rest_known = found.rest_known,
    withheld_before = found.withheld,
    stale = NOT cell.own AND NOT found.withheld AND NOT (found.known AND (cell.rest IS NULL OR found.rest_known)),
    hidden = found.withheld
FROM (
    SELECT
        cell.cell,
        coalesce(bool_or(NOT told.hidden AND told.numerator = rounded(cell.numerator, cell.round_to)), false) AS known,
        coalesce(bool_or(NOT told.hidden AND (told.rest = cell.rest
            OR (cell.round_to > 0 AND told.numerator = rounded(cell.numerator, cell.round_to)))), false)
            AS rest_known,
        bool_or(told.hidden) AS withheld
    FROM disclosure.told AS told
    JOIN disclosure.cell AS cell USING (cell)
    GROUP BY ALL
) AS found
WHERE cell.cell = found.cell;

UPDATE disclosure.cell SET hidden = true
WHERE own AND ((numerator > 0 AND numerator < threshold) OR (rest > 0 AND rest < threshold));
