-- What this publication says about every headline, to be kept for good.
SELECT
    publication.publication_id,
    publication.published_at,
    publication.status AS publication_status,
    figure.framework,
    publication.period AS publication_period,
    figure.period,
    figure.period_end,
    figure.indicator,
    figure.name,
    figure.value,
    figure.ytd,
    figure.target,
    figure.ytd_target,
    figure.rag,
    figure.data_quality,
    figure.suppressed,
    figure.status
FROM performance.indicator AS figure
CROSS JOIN performance.publication AS publication
WHERE figure.area_code = (SELECT area_code FROM reference.partnership) AND figure.breakdown = 'all'
ORDER BY figure.indicator, figure.period_end;
