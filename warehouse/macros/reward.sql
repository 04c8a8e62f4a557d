-- The reward formula of the local public service agreements (DOMAIN.md 2.5, S44).

-- Improvement achieved as a share of the improvement agreed, per cent, whichever way is good. NULL where none was agreed.
CREATE OR REPLACE MACRO improvement_percent(base, target, actual) AS
    CASE WHEN target <> base THEN round(
        100 * (CAST(actual AS DOUBLE) - CAST(base AS DOUBLE)) / (CAST(target AS DOUBLE) - CAST(base AS DOUBLE)), 9) END;

-- The part of the reward that brings: nothing below the floor, never more than the cap.
CREATE OR REPLACE MACRO reward_percent(base, target, actual, floor, cap) AS
    CASE
        WHEN improvement_percent(base, target, actual) < floor THEN 0.0
        WHEN improvement_percent(base, target, actual) IS NULL THEN NULL
        ELSE least(improvement_percent(base, target, actual), CAST(cap AS DOUBLE))
    END;
