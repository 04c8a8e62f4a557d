-- How a figure stands against its target and its past: the rule of the London Borough of Havering (DOMAIN.md 2.3).

-- How far `actual` is on the bad side of `target`, in its own unit; zero or less is on target.
CREATE OR REPLACE MACRO shortfall(actual, target, polarity) AS
    CASE polarity WHEN 'low' THEN actual - target WHEN 'high' THEN target - actual END;

-- Green: on target or within `tolerance` per cent of it. Amber: further off, but improved or maintained since
-- `previous` (the same period last year). Red: further off and not improved, or nothing to show that it did.
-- A target of zero has no per cent, so anything on its bad side is further off; a negative target counts by its size.
-- No target, or a placeholder, is 'No target' and never Green; no figure is 'No data'.
-- Rounded to nine decimals, so that 34.1 against 31.0 is within 10 per cent although 34.1 - 31.0 > 3.1 in binary.
CREATE OR REPLACE MACRO rag(actual, target, polarity, tolerance, previous) AS
    CASE
        WHEN target IS NULL THEN 'No target'
        WHEN actual IS NULL THEN 'No data'
        WHEN round(shortfall(CAST(actual AS DOUBLE), CAST(target AS DOUBLE), polarity)
                - abs(CAST(target AS DOUBLE)) * CAST(tolerance AS DOUBLE) / 100, 9) <= 0 THEN 'Green'
        WHEN round(shortfall(CAST(actual AS DOUBLE), CAST(previous AS DOUBLE), polarity), 9) <= 0 THEN 'Amber'
        ELSE 'Red'
    END;

-- Direction of travel since `previous`: better, worse or same, compared as shown, at `decimals`. NULL without both.
CREATE OR REPLACE MACRO direction(actual, previous, polarity, decimals) AS
    CASE sign(shortfall(
            round(CAST(actual AS DOUBLE), decimals), round(CAST(previous AS DOUBLE), decimals), polarity))
        WHEN -1 THEN 'better'
        WHEN 0 THEN 'same'
        WHEN 1 THEN 'worse'
    END;

-- The target for the year so far, on a flat profile: a part of the year's where the figure grows through the year.
CREATE OR REPLACE MACRO ytd_target(target, cumulative, year_part, year_parts) AS
    CASE WHEN cumulative THEN CAST(target AS DOUBLE) * year_part / year_parts ELSE CAST(target AS DOUBLE) END;
