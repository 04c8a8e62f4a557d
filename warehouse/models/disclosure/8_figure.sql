-- What may leave: every figure with its hidden numbers taken out.
-- A year to date is hidden from the first period of the year that is hidden to the end of that year. Whatever is
-- shown of it is then the sum of periods that are shown, and tells nothing more; hiding one year to date alone would
-- be undone by the next, and hiding another period instead would tie the wards of two periods together.
CREATE OR REPLACE TABLE disclosure.figure AS
WITH marked AS (
    SELECT
        shown.*,
        coalesce(own.hidden, false) AS hidden,
        coalesce(own.hidden, false) OR coalesce(earlier.hidden, false) AS hides_year
    FROM disclosure.shown AS shown
    LEFT JOIN disclosure.cell AS own
        ON own.span = 'period'
        AND own.own
        AND own.indicator = shown.indicator
        AND own.period = shown.period
        AND own.area_code = shown.area_code
        AND own.breakdown = shown.breakdown
        AND own.category = shown.category
    LEFT JOIN disclosure.cell AS earlier
        ON earlier.span = 'earlier'
        AND earlier.own
        AND earlier.indicator = shown.indicator
        AND earlier.period = shown.period
        AND earlier.area_code = shown.area_code
        AND earlier.breakdown = shown.breakdown
        AND earlier.category = shown.category
    WHERE shown.own
), decided AS (
    SELECT
        *,
        CASE
            WHEN adds_up THEN bool_or(hides_year) OVER (
                PARTITION BY indicator, area_code, breakdown, category, year_start ORDER BY period_end
            )
            ELSE hidden
        END AS ytd_hidden
    FROM marked
), counted AS (
    -- Where an agreement wants counts rounded, all that is told is worked out from rounded counts. Population
    -- denominators are public as they are.
    SELECT
        * REPLACE (
            rounded(numerator, round_to) AS numerator,
            CASE WHEN over_people THEN rounded(denominator, round_to) ELSE denominator END AS denominator,
            rounded(ytd_numerator, round_to) AS ytd_numerator,
            CASE WHEN over_people THEN rounded(ytd_denominator, round_to) ELSE ytd_denominator END
                AS ytd_denominator
        )
    FROM decided
), told AS (
    SELECT
        * REPLACE (
            CASE WHEN round_to > 0 AND value IS NOT NULL THEN figure_of(multiplier, numerator, denominator)
                ELSE value END AS value,
            CASE WHEN round_to > 0 AND ytd IS NOT NULL THEN figure_of(multiplier, ytd_numerator, ytd_denominator)
                ELSE ytd END AS ytd,
            CASE
                WHEN coalesce(round_to, 0) = 0 OR lower IS NULL THEN lower
                WHEN kind = 'percent' THEN CAST(multiplier AS DOUBLE) * wilson_lower(numerator, denominator)
                ELSE CAST(multiplier AS DOUBLE) * byar_lower(numerator) / CAST(denominator AS DOUBLE)
            END AS lower,
            CASE
                WHEN coalesce(round_to, 0) = 0 OR upper IS NULL THEN upper
                WHEN kind = 'percent' THEN CAST(multiplier AS DOUBLE) * wilson_upper(numerator, denominator)
                ELSE CAST(multiplier AS DOUBLE) * byar_upper(numerator) / CAST(denominator AS DOUBLE)
            END AS upper
        )
    FROM counted
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
    CASE WHEN NOT hidden THEN numerator END AS numerator,
    CASE WHEN NOT (hidden AND over_people) THEN denominator END AS denominator,
    CASE WHEN NOT hidden THEN value END AS value,
    CASE WHEN NOT hidden THEN lower END AS lower,
    CASE WHEN NOT hidden THEN upper END AS upper,
    CASE WHEN NOT ytd_hidden THEN ytd END AS ytd,
    CASE
        WHEN hidden THEN 'confidential'
        WHEN ytd_hidden AND ytd IS NOT NULL THEN 'year to date confidential'
        ELSE status
    END AS status,
    basis,
    source,
    measured_on,
    hidden AS suppressed,
    ytd_hidden AND ytd IS NOT NULL AS ytd_suppressed,
    CASE
        WHEN hidden OR (ytd_hidden AND ytd IS NOT NULL) THEN
            'Withheld to protect people: a number below ' || threshold || ' stands in it or could be worked out from it.'
    END AS suppressed_reason
FROM told;
