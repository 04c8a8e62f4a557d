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

-- The same, but 'no clear change' where the two 95 per cent intervals overlap and the figures are not shown alike: then
-- chance alone may account for the difference. Figures without an interval are compared as they stand.
CREATE OR REPLACE MACRO clear_direction(
    actual, lower, upper, previous, previous_lower, previous_upper, polarity, decimals
) AS
    CASE
        WHEN direction(actual, previous, polarity, decimals) IN ('better', 'worse')
            AND lower <= previous_upper AND upper >= previous_lower THEN 'no clear change'
        ELSE direction(actual, previous, polarity, decimals)
    END;

-- The share of the year's target that has fallen due by the end of a part of it, 0 to 1: the indicator's own profile
-- (per cent, added up), else a level one.
CREATE OR REPLACE MACRO share_due(year_part, year_parts, profile := NULL) AS
    coalesce(CAST(profile[year_part] AS DOUBLE) / 100, year_part / year_parts);

-- The target for the year so far: a part of the year's where the figure grows through the year.
CREATE OR REPLACE MACRO ytd_target(target, cumulative, year_part, year_parts, profile := NULL) AS
    CASE
        WHEN cumulative THEN CAST(target AS DOUBLE) * share_due(year_part, year_parts, profile := profile)
        ELSE CAST(target AS DOUBLE)
    END;

-- The same where the figure grows from year to year: from the target of the year before, or the baseline, on.
CREATE OR REPLACE MACRO target_on_the_way(target, target_before, year_part, year_parts, profile := NULL) AS
    CAST(target_before AS DOUBLE)
        + (CAST(target AS DOUBLE) - CAST(target_before AS DOUBLE))
            * share_due(year_part, year_parts, profile := profile);

-- How the year's end is foreseen; NULL where it is not.
CREATE OR REPLACE MACRO forecast_method(kind, cumulative, year_part, year_parts, profile := NULL) AS
    CASE
        WHEN year_part = year_parts THEN 'outturn'
        WHEN kind IN ('survey', 'cumulative') THEN NULL
        WHEN cumulative AND profile IS NOT NULL THEN 'profile'
        WHEN cumulative THEN 'straight line'
        WHEN latest_stands(kind) THEN 'latest figure'
        ELSE 'year to date'
    END;

-- The figure foreseen by that method.
CREATE OR REPLACE MACRO forecast(method, ytd, year_part, year_parts, profile := NULL) AS
    CASE
        WHEN method IN ('straight line', 'profile')
            THEN ytd / nullif(share_due(year_part, year_parts, profile := profile), 0)
        WHEN method IS NOT NULL THEN ytd
    END;
