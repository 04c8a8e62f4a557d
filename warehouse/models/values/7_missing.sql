-- Every period that has begun has a headline row, if only to say that it is missing: so what stands in the table does
-- not depend on which periods a delivery has touched so far.
INSERT INTO warehouse.merged.value
    (framework, indicator, period, period_start, period_end, area_code, breakdown, category, status, deliveries)
SELECT
    period.framework,
    period.indicator,
    period.period,
    period.period_start,
    period.period_end,
    partnership.area_code,
    'all',
    'all',
    'missing',
    0
FROM reference.period AS period
JOIN reference.framework AS framework USING (framework)
CROSS JOIN reference.partnership AS partnership
WHERE period.period_start <= getvariable('value_today')
    AND period.period_end >= framework.starts  -- earlier figures are history: shown where there are any
    AND NOT EXISTS (
        SELECT 1 FROM warehouse.merged.value AS held
        WHERE held.framework = period.framework
            AND held.indicator = period.indicator
            AND held.period = period.period
    )
ORDER BY ALL;
