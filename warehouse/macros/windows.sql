-- Which days a figure adds up, by its kind of formula (docs/formulas.md). Used wherever a figure is made, held to
-- disclosure control or traced back, so that all three speak of the same days.

-- Kinds whose newest figure stands for the year: there is nothing to add up over it.
CREATE OR REPLACE MACRO latest_stands(kind) AS
    kind IN ('snapshot', 'mean_of_months', 'rolling_average', 'rolling_total', 'cumulative', 'percent_change',
        'percent_reduction', 'gap', 'reported', 'survey');

-- Kinds that set a count against the same count of a base: now - then, or then - now, over then.
CREATE OR REPLACE MACRO is_change(kind) AS kind IN ('percent_change', 'percent_reduction');

-- The first day: twelve months back for a rolling figure, the start of the count for a cumulative one, some years
-- back where years are taken together, else the period's own.
CREATE OR REPLACE MACRO own_start(kind, period_start, period_end, window_years, since) AS
    CASE
        WHEN kind IN ('rolling_average', 'rolling_total') THEN CAST(period_end + INTERVAL 1 DAY - INTERVAL 12 MONTH AS DATE)
        WHEN kind = 'cumulative' THEN least(since, period_start)
        ELSE CAST(period_start - to_years(coalesce(window_years, 1) - 1) AS DATE)
    END;

-- First day of the year to date; NULL where the newest figure stands for the year.
CREATE OR REPLACE MACRO ytd_start(kind, year_start) AS CASE WHEN NOT latest_stands(kind) THEN year_start END;

-- A day of the base of a change that moves along: so many years before, the end of a month staying the end.
CREATE OR REPLACE MACRO years_before(day, years) AS
    CAST(CAST(day AS DATE) + INTERVAL 1 DAY - to_years(years) - INTERVAL 1 DAY AS DATE);
