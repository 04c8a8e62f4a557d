-- Which figure a commentary is about: the newest headline at the end of the period it was sent for. Of two periods
-- whose commentary falls to the same figure (a yearly one), the later speaks; of a figure that is confidential nobody does.
INSERT INTO stated.said
WITH headline AS (
    SELECT figure.framework, figure.indicator, figure.period, figure.period_end, figure.suppressed OR figure.ytd_suppressed AS withheld
    FROM disclosure.figure AS figure
    JOIN reference.partnership AS own USING (area_code)
    WHERE figure.breakdown = 'all'
), about AS (
    SELECT stated.*, headline.period AS figure_period, headline.withheld
    FROM stated.commentary AS stated
    JOIN headline
        ON headline.framework = stated.framework
        AND headline.indicator = stated.indicator
        AND headline.period_end <= stated.period_end
    WHERE stated.entry_kind = 'commentary'
    QUALIFY headline.period_end = max(headline.period_end) OVER (PARTITION BY stated.delivery_id, stated.reference)
), latest AS (
    SELECT *
    FROM about
    WHERE NOT withheld
    QUALIFY period_end = max(period_end) OVER (PARTITION BY framework, indicator, figure_period)
)
SELECT
    framework,
    indicator,
    figure_period,
    string_agg(entry_text, ' ' ORDER BY partner, dataset, reference),
    min(partner),
    min(dataset),
    min(delivery_id),
    min(period)
FROM latest
GROUP BY framework, indicator, figure_period
ORDER BY ALL;
