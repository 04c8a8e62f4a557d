-- An indicator is shown to a layer and an audience only where each agreement of each dataset behind it lists both, and
-- the purpose of the indicator's priority.
WITH fed_by AS (
    SELECT DISTINCT term.framework, term.indicator, term.partner, term.dataset, priority.purpose
    FROM reference.term AS term
    JOIN reference.indicator AS about USING (framework, indicator)
    JOIN reference.priority AS priority USING (framework, priority)
    WHERE term.framework = $framework AND term.dataset IS NOT NULL
), asked AS (
    SELECT
        fed_by.framework,
        fed_by.indicator,
        layer.layer,
        audience.audience,
        coalesce(agreement.agreement_id, concat('no agreement for ', fed_by.partner, '/', fed_by.dataset)) AS named,
        coalesce(
            list_contains(agreement.audiences, audience.audience)
            AND (list_contains(agreement.layers, layer.layer) OR list_contains(agreement.layers, layer.role))
            AND (fed_by.purpose IS NULL OR list_contains(agreement.purposes, fed_by.purpose)),
            false
        ) AS allowed
    FROM fed_by
    JOIN reference.layer AS layer USING (framework)
    CROSS JOIN (SELECT unnest(['restricted', 'public']) AS audience) AS audience
    LEFT JOIN reference.agreement AS agreement
        ON agreement.partner = fed_by.partner AND agreement.dataset = fed_by.dataset
)
SELECT
    framework,
    indicator,
    layer,
    audience,
    bool_and(allowed) AS allowed,
    string_agg(DISTINCT named, ', ' ORDER BY named) FILTER (WHERE NOT allowed) AS withheld_by
FROM asked
GROUP BY ALL
ORDER BY indicator, layer, audience;
