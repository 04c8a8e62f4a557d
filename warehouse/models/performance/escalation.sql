-- What goes up to a higher layer, by the framework's own steps: Red so many periods in a row, an action past its day.
WITH RECURSIVE headline AS (
    SELECT indicator, name, layer, rag, period, period_end
    FROM performance.indicator
    WHERE area_code = (SELECT area_code FROM reference.partnership) AND breakdown = 'all'
), in_a_row AS (
    -- The Reds since the newest figure that was not.
    SELECT headline.indicator, any_value(headline.name) AS name, any_value(headline.layer) AS layer,
        count(*) AS times, arg_min(headline.period, headline.period_end) AS since
    FROM headline
    LEFT JOIN (
        SELECT indicator, max(period_end) AS last_day FROM headline WHERE rag IS DISTINCT FROM 'Red' GROUP BY ALL
    ) AS otherwise USING (indicator)
    WHERE headline.rag = 'Red' AND headline.period_end > coalesce(otherwise.last_day, DATE '0001-01-01')
    GROUP BY headline.indicator
), above AS (
    SELECT layer AS from_layer, layer AS to_layer, 0 AS layers_up FROM reference.layer WHERE framework = $framework
    UNION ALL
    SELECT above.from_layer, layer.reports_to, above.layers_up + 1
    FROM above
    JOIN reference.layer AS layer ON layer.framework = $framework AND layer.layer = above.to_layer
    WHERE layer.reports_to IS NOT NULL
), raised AS (
    SELECT
        in_a_row.indicator, in_a_row.name, CAST(NULL AS VARCHAR) AS action_id, in_a_row.layer, step.layers_up,
        in_a_row.times, in_a_row.since,
        concat('Red in ', in_a_row.times, ' periods in a row, since ', in_a_row.since, '.') AS reason,
        CAST(NULL AS VARCHAR) AS partner, CAST(NULL AS VARCHAR) AS dataset
    FROM in_a_row
    JOIN reference.escalation AS step ON step.framework = $framework AND step.event = 'red' AND step.times <= in_a_row.times
    QUALIFY step.times = max(step.times) OVER (PARTITION BY in_a_row.indicator)
    UNION ALL
    SELECT
        action.indicator, about.name, action.action_id, action.layer, step.layers_up,
        action.times_carried, action.first_raised,
        concat('An action was to be done by ', strftime(action.due_on, '%-d %B %Y'), ' and is not: ', action.action_id, '.'),
        action.partner, action.dataset
    FROM performance.action AS action
    JOIN reference.escalation AS step ON step.framework = $framework AND step.event = 'action_overdue'
    LEFT JOIN reference.indicator AS about ON about.framework = action.framework AND about.indicator = action.indicator
    WHERE action.state = 'overdue'
)
SELECT
    $framework AS framework,
    $period AS period,
    raised.indicator,
    raised.name,
    raised.action_id,
    raised.layer AS from_layer,
    above.to_layer,
    raised.reason,
    raised.times,
    raised.since,
    raised.partner,
    raised.dataset
FROM raised
-- No higher than the top.
JOIN above ON above.from_layer = raised.layer AND above.layers_up <= raised.layers_up
QUALIFY above.layers_up = max(above.layers_up) OVER (PARTITION BY raised.indicator, raised.action_id, raised.reason)
ORDER BY raised.indicator, raised.action_id, raised.reason;
