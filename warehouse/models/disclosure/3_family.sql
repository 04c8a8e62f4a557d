-- Families: a total and the parts that add up to it. Wards make up the partnership's area; the categories of each
-- breakdown make up their area's headline. One row per family and cell.
CREATE OR REPLACE TABLE disclosure.member AS
WITH wards AS (
    SELECT cell.*, partnership.area_code AS whole
    FROM disclosure.cell AS cell
    JOIN reference.area AS area USING (area_code)
    JOIN reference.partnership AS partnership ON area.parent_code = partnership.area_code
), parts AS (
    SELECT 'ward' AS family_kind, whole AS total_area, breakdown AS total_breakdown, category AS total_category, *
    FROM wards
    UNION ALL
    SELECT breakdown, area_code, 'all', 'all', *, area_code
    FROM disclosure.cell
    WHERE breakdown <> 'all'
), numbered AS (
    SELECT
        dense_rank() OVER (
            ORDER BY framework, family_kind, indicator, span, period, total_area, total_breakdown, total_category
        ) AS family,
        *
    FROM parts
)
SELECT family, cell, false AS is_total FROM numbered
UNION ALL
SELECT DISTINCT numbered.family, total.cell, true
FROM numbered
JOIN disclosure.cell AS total
    ON total.framework = numbered.framework
    AND total.indicator = numbered.indicator
    AND total.span = numbered.span
    AND total.period = numbered.period
    AND total.area_code = numbered.total_area
    AND total.breakdown = numbered.total_breakdown
    AND total.category = numbered.total_category;

-- Twins: cells of two indicators that count the same, also of two frameworks. For two headlines, or one category of
-- both, the formulas say so. What a category counts is nowhere declared, so it and another cell of the area, made from
-- the same datasets, are taken for twins when they are equal in every period that both have, and not always nought.
CREATE OR REPLACE TABLE disclosure.twin AS
WITH made_from AS (
    SELECT
        framework, indicator,
        list_sort(list(DISTINCT partner || '/' || dataset)) AS datasets,
        list_sort(list(concat_ws(' ', partner, dataset, measure, weight))) AS formula
    FROM reference.term
    WHERE part = 'numerator' AND dataset IS NOT NULL
    GROUP BY ALL
), described AS (
    SELECT cell.*, made_from.datasets, made_from.formula
    FROM disclosure.cell AS cell
    JOIN made_from USING (framework, indicator)
)
SELECT one.cell, other.cell AS twin
FROM described AS one
JOIN described AS other
    ON other.datasets = one.datasets
    AND (other.indicator <> one.indicator OR other.framework <> one.framework)
    AND other.span = one.span
    AND other.period = one.period
    AND other.area_code = one.area_code
    AND (other.formula = one.formula OR other.breakdown <> one.breakdown OR other.category <> one.category)
WINDOW in_all_periods AS (
    PARTITION BY
        one.framework, one.indicator, one.area_code, one.breakdown, one.category,
        other.framework, other.indicator, other.breakdown, other.category
)
QUALIFY bool_and(one.numerator = other.numerator) OVER in_all_periods
    AND (other.formula = one.formula OR max(one.numerator) OVER in_all_periods > 0);

-- What is known of a twin is known of the cell.
UPDATE disclosure.cell SET known = true
WHERE cell IN (
    SELECT twin.twin FROM disclosure.twin AS twin JOIN disclosure.cell AS cell USING (cell) WHERE cell.known
);
