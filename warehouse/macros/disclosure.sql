-- What disclosure control reckons with.

-- A count to the nearest multiple of `step`, where the agreement says so (step 0 = exact).
CREATE OR REPLACE MACRO rounded(amount, step) AS
    CASE WHEN step > 0 THEN CAST(round(CAST(amount AS DOUBLE) / step) * step AS DECIMAL(28, 9)) ELSE amount END;

-- The people besides those counted that a figure would tell of: the others of a percentage, or those a mean is over.
-- Categories have one public population between them: it is not divided among them.
CREATE OR REPLACE MACRO protected_rest(numerator, denominator, is_share, over_people, breakdown) AS
    CASE
        WHEN is_share AND (over_people OR breakdown = 'all') THEN abs(denominator - numerator)
        WHEN over_people AND NOT is_share THEN abs(denominator)
    END;

-- Multiplier times numerator over denominator; the numerator alone where the formula has no denominator.
CREATE OR REPLACE MACRO figure_of(multiplier, numerator, denominator) AS
    CASE
        WHEN denominator IS NULL THEN CAST(multiplier AS DOUBLE) * CAST(numerator AS DOUBLE)
        WHEN denominator > 0
            THEN CAST(multiplier AS DOUBLE) * CAST(numerator AS DOUBLE) / CAST(denominator AS DOUBLE)
    END;
