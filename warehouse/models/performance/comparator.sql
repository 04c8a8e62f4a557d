-- The same figures for the areas the partnership compares itself with.
SELECT
    figure.framework,
    figure.period,
    figure.period_start,
    figure.period_end,
    figure.indicator,
    figure.area_code,
    comparator.area_name,
    figure.breakdown,
    figure.category,
    figure.numerator,
    figure.denominator,
    figure.value,
    figure.lower,
    figure.upper,
    figure.ytd,
    figure.suppressed,
    figure.status
FROM disclosure.figure AS figure
JOIN reference.comparator AS comparator USING (area_code)
ORDER BY figure.indicator, figure.period_end, figure.area_code, figure.breakdown, figure.category;
