-- Populations under the line: the mid-year estimate of the year the period belongs to (for a financial year its
-- first calendar year, also for its months and quarters), latest vintage; where there is none yet, the newest
-- earlier year, which makes the figure partial. An area list brings the base it was drawn up with.
CREATE OR REPLACE TEMP TABLE value_population AS
WITH asked AS (
    SELECT DISTINCT
        shown.framework, shown.indicator, shown.period, shown.areas, shown.wanted_year,
        term.population_group, term.weight
    FROM value_window AS shown
    JOIN reference.term AS term USING (framework, indicator)
    WHERE term.part = 'denominator' AND term.population_group IS NOT NULL
), issued AS (
    -- A group may be made of parts: working age of women of 16 to 59 and men of 16 to 64.
    SELECT area_code, population_group, year, vintage, sum(persons) AS persons
    FROM reference.population
    GROUP BY ALL
), of_areas AS (
    SELECT area_code, population_group, year, arg_max(persons, vintage) AS persons
    FROM issued
    GROUP BY ALL
), latest AS (
    FROM of_areas
    UNION ALL
    -- A group of areas has a population where each of them has.
    SELECT member.area_code, part.population_group, part.year, sum(part.persons)
    FROM reference.comparator_member AS member
    JOIN of_areas AS part ON part.area_code = member.member_code
    GROUP BY member.area_code, part.population_group, part.year
    HAVING count(*) = (SELECT count(*) FROM reference.comparator_member AS every WHERE every.area_code = member.area_code)
), chosen AS (
    SELECT
        years.wanted_year, latest.population_group, latest.area_code,
        max(latest.year) AS year,
        arg_max(latest.persons, latest.year) AS persons
    FROM (SELECT DISTINCT wanted_year, population_group FROM asked) AS years
    JOIN latest ON latest.population_group = years.population_group AND latest.year <= years.wanted_year
    GROUP BY ALL
), found AS (
    SELECT
        asked.framework, asked.indicator, asked.period, asked.wanted_year, asked.weight,
        chosen.area_code, chosen.population_group, chosen.year, chosen.persons
    FROM asked
    JOIN chosen USING (wanted_year, population_group)
    WHERE asked.areas IS NULL
), complete AS (
    SELECT framework, indicator, period, count(DISTINCT population_group) AS groups FROM asked GROUP BY ALL
)
SELECT
    found.framework, found.indicator, found.period, found.area_code,
    CAST(sum(found.persons * found.weight) AS DECIMAL(28, 9)) AS persons,
    min(found.year) AS population_year,
    min(found.year) < any_value(found.wanted_year) AS stand_in
FROM found
JOIN complete USING (framework, indicator, period)
GROUP BY found.framework, found.indicator, found.period, found.area_code, complete.groups
HAVING count(*) = complete.groups
UNION ALL
SELECT
    asked.framework, asked.indicator, asked.period, partnership.area_code,
    CAST(sum(neighbourhood.working_age * asked.weight) AS DECIMAL(28, 9)),
    CAST(NULL AS INTEGER),
    false
FROM asked
CROSS JOIN reference.partnership AS partnership
JOIN reference.worst_neighbourhoods AS neighbourhood ON neighbourhood.qualifies
WHERE asked.areas = 'worst_neighbourhoods' AND asked.population_group = 'working_age'
GROUP BY ALL;
