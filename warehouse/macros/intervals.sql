-- 95 per cent limits. z = 1.959963984540054; literals carry e0, or DuckDB would take them for DECIMAL.

-- Wilson score limits of a proportion of `cases` among `total` (E. B. Wilson, 1927), from 0 to 1; NULL when total is 0.
CREATE OR REPLACE MACRO wilson_spread(cases, total) AS
    1.959963984540054e0 * sqrt(3.841458820694124e0 + greatest(0e0, 4 * cases * (1 - cases / total)));

CREATE OR REPLACE MACRO wilson_lower(cases, total) AS
    CASE WHEN total > 0 THEN greatest(0e0, (
        2 * CAST(cases AS DOUBLE) + 3.841458820694124e0
        - wilson_spread(CAST(cases AS DOUBLE), CAST(total AS DOUBLE))
    ) / (2 * (CAST(total AS DOUBLE) + 3.841458820694124e0))) END;

CREATE OR REPLACE MACRO wilson_upper(cases, total) AS
    CASE WHEN total > 0 THEN least(1e0, (
        2 * CAST(cases AS DOUBLE) + 3.841458820694124e0
        + wilson_spread(CAST(cases AS DOUBLE), CAST(total AS DOUBLE))
    ) / (2 * (CAST(total AS DOUBLE) + 3.841458820694124e0))) END;

-- Byar's limits of a count of `cases` (Breslow and Day, 1987), in cases: divide by the population for a rate.
-- From about ten cases on they stand within 0.02 of the exact Poisson limits; for fewer they only approximate them.
CREATE OR REPLACE MACRO byar_lower(cases) AS
    CASE
        WHEN cases > 0 THEN CAST(cases AS DOUBLE) * power(
            1 - 1 / (9 * CAST(cases AS DOUBLE)) - 1.959963984540054e0 / (3 * sqrt(CAST(cases AS DOUBLE))), 3)
        WHEN cases = 0 THEN 0e0
    END;

CREATE OR REPLACE MACRO byar_upper(cases) AS
    CASE WHEN cases >= 0 THEN (CAST(cases AS DOUBLE) + 1) * power(
        1 - 1 / (9 * (CAST(cases AS DOUBLE) + 1)) + 1.959963984540054e0 / (3 * sqrt(CAST(cases AS DOUBLE) + 1)), 3)
    END;
