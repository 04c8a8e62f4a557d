-- What a reward grant would come to under the framework's formula. It is modelled: `note` says what became of it.
WITH at_year_end AS (
    SELECT figure.framework, figure.indicator, figure.name, calendar.year_id, figure.baseline, figure.target, figure.ytd
    FROM performance.indicator AS figure
    JOIN reference.period AS calendar USING (framework, indicator, period)
    JOIN reference.indicator AS about USING (framework, indicator)
    WHERE figure.area_code = (SELECT area_code FROM reference.partnership)
        AND figure.breakdown = 'all'
        AND about.type = 'designated'
        AND calendar.year_part = calendar.year_parts
        AND figure.ytd IS NOT NULL AND figure.baseline IS NOT NULL AND figure.target IS NOT NULL
    QUALIFY figure.period_end = max(figure.period_end) OVER (PARTITION BY figure.indicator)
)
SELECT
    at_year_end.framework,
    $period AS period,
    at_year_end.indicator,
    at_year_end.name,
    at_year_end.year_id,
    at_year_end.baseline,
    at_year_end.target,
    at_year_end.ytd AS actual,
    improvement_percent(at_year_end.baseline, at_year_end.target, at_year_end.ytd) AS achieved_percent,
    reward_percent(
        at_year_end.baseline, at_year_end.target, at_year_end.ytd, reward.floor_percent, reward.cap_percent)
        AS modelled_percent,
    'modelled' AS status,
    reward.note
FROM at_year_end
JOIN reference.reward AS reward USING (framework)
ORDER BY at_year_end.indicator;
