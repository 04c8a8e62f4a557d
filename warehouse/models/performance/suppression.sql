-- How strictly each indicator is protected, and how much of it is withheld in this publication.
SELECT
    threshold.framework,
    threshold.indicator,
    threshold.threshold,
    count(*) FILTER (WHERE figure.suppressed) AS figures_withheld,
    count(*) FILTER (WHERE figure.ytd_suppressed AND NOT figure.suppressed) AS years_to_date_withheld,
    max(figure.suppressed_reason) AS reason
FROM disclosure.threshold AS threshold
LEFT JOIN disclosure.figure AS figure USING (framework, indicator)
GROUP BY ALL
ORDER BY threshold.indicator;
