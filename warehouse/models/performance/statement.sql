-- What this publication says of every figure that is protected: the next ones must not undo what it withholds.
SELECT
    publication.publication_id,
    publication.published_at,
    figure.framework,
    figure.period,
    figure.period_end,
    figure.indicator,
    figure.area_code,
    figure.breakdown,
    figure.category,
    figure.numerator,
    figure.denominator,
    figure.ytd,
    figure.suppressed,
    figure.suppressed OR figure.ytd_suppressed AS ytd_suppressed
FROM disclosure.figure AS figure
JOIN disclosure.threshold AS threshold USING (framework, indicator)
CROSS JOIN performance.publication AS publication
WHERE threshold.threshold > 0 AND figure.status <> 'missing'
ORDER BY figure.indicator, figure.period_end, figure.area_code, figure.breakdown, figure.category;
