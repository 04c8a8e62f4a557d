-- What is said of each headline, and what is still owed: a commentary and a corrective action for every Red.
WITH headline AS (
    SELECT
        figure.*,
        figure.period_end = max(figure.period_end) OVER (PARTITION BY figure.indicator) AS newest
    FROM performance.indicator AS figure
    WHERE figure.area_code = (SELECT area_code FROM reference.partnership) AND figure.breakdown = 'all'
), answering AS (
    -- Who owes it: the lead partner where it has a return of its own, else the first partner that has one.
    SELECT partner, dataset, row_number() OVER (ORDER BY partner, dataset) AS place
    FROM reference.dataset
    WHERE states = 'commentary'
), acted AS (
    SELECT indicator, count(*) FILTER (WHERE state IN ('open', 'overdue')) AS open_actions
    FROM performance.action
    WHERE kind = 'corrective_action'
    GROUP BY ALL
)
SELECT
    headline.framework,
    headline.period,
    headline.period_end,
    headline.indicator,
    headline.name,
    headline.layer,
    headline.lead_partner,
    headline.rag,
    said.commentary,
    CASE WHEN headline.newest THEN coalesce(acted.open_actions, 0) END AS open_actions,
    CASE
        WHEN said.commentary IS NOT NULL AND (NOT headline.newest OR headline.rag IS DISTINCT FROM 'Red' OR acted.open_actions > 0)
            THEN 'given'
        WHEN NOT headline.newest THEN 'not given'
        WHEN said.commentary IS NOT NULL THEN 'action awaited'
        WHEN acted.open_actions > 0 THEN 'commentary awaited'
        ELSE 'commentary and action awaited'
    END AS state,
    coalesce(own.partner, other.partner) AS owed_by,
    coalesce(own.dataset, other.dataset) AS owed_in,
    CASE WHEN headline.newest AND headline.rag = 'Red' THEN due.due_on END AS due_on,
    said.said_for,
    said.partner,
    said.dataset,
    said.delivery_id
FROM headline
LEFT JOIN stated.said AS said USING (framework, indicator, period)
LEFT JOIN acted USING (indicator)
LEFT JOIN answering AS own ON own.partner = headline.lead_partner
LEFT JOIN answering AS other ON other.place = 1
LEFT JOIN publication_due AS due
    ON due.partner = coalesce(own.partner, other.partner)
    AND due.dataset = coalesce(own.dataset, other.dataset)
    AND due.period = $period
WHERE headline.rag = 'Red' OR said.commentary IS NOT NULL
ORDER BY headline.indicator, headline.period_end;
