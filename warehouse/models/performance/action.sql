-- Corrective actions and milestones as they were last reported. An action keeps its reference, so that the same one
-- is followed from period to period until it is done or dropped.
WITH reported AS (
    SELECT stated.*
    FROM stated.commentary AS stated
    WHERE stated.framework = $framework
        AND stated.entry_kind IN ('corrective_action', 'milestone')
        AND stated.period_end <= $last
), history AS (
    SELECT
        partner, dataset, reference,
        arg_min(period, period_end) AS first_raised,
        arg_max(period, period_end) AS last_reported,
        greatest(count(DISTINCT period) FILTER (WHERE entry_state = 'open') - 1, 0) AS times_carried
    FROM reported
    GROUP BY ALL
), answers AS (
    -- A milestone of a whole priority is followed up where most of its indicators are.
    SELECT priority, arg_min(layer, (-indicators, layer)) AS layer
    FROM (SELECT priority, layer, count(*) AS indicators FROM reference.indicator WHERE framework = $framework GROUP BY ALL)
    GROUP BY ALL
)
SELECT
    reported.framework,
    $period AS period,
    reported.reference AS action_id,
    reported.entry_kind AS kind,
    coalesce(indicator.priority, reported.priority) AS priority,
    reported.indicator,
    coalesce(indicator.layer, answers.layer) AS layer,
    reported.entry_text AS action,
    coalesce(role.label, reported.owner_role) AS owner,
    reported.due_on,
    CASE WHEN reported.entry_state = 'open' AND reported.due_on < $published_on THEN 'overdue' ELSE reported.entry_state END
        AS state,
    history.first_raised,
    history.last_reported,
    history.times_carried,
    reported.partner,
    reported.dataset,
    reported.delivery_id
FROM reported
JOIN history
    ON history.partner = reported.partner
    AND history.dataset = reported.dataset
    AND history.reference = reported.reference
    AND history.last_reported = reported.period
LEFT JOIN reference.indicator AS indicator
    ON indicator.framework = reported.framework AND indicator.indicator = reported.indicator
LEFT JOIN answers ON answers.priority = reported.priority
LEFT JOIN reference.code AS role ON role.codelist = 'owner_roles' AND role.code = reported.owner_role
-- An action on a figure that is confidential could tell of it.
WHERE reported.indicator IS NULL OR reported.indicator NOT IN (
    SELECT figure.indicator
    FROM disclosure.figure AS figure
    JOIN reference.partnership AS own USING (area_code)
    WHERE figure.framework = $framework AND figure.breakdown = 'all' AND (figure.suppressed OR figure.ytd_suppressed)
    QUALIFY figure.period_end = max(figure.period_end) OVER (PARTITION BY figure.indicator)
)
ORDER BY reported.partner, reported.reference;
