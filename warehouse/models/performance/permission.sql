-- An indicator is shown to a layer and an audience only where each agreement of each dataset behind it lists both.
WITH fed_by AS (
    SELECT DISTINCT framework, indicator, partner, dataset
    FROM reference.term
    WHERE framework = $framework AND dataset IS NOT NULL
), asked AS (
    SELECT
        fed_by.framework,
        fed_by.indicator,
        layer.layer,
        audience.audience,
        coalesce(agreement.agreement_id, concat('no agreement for ', fed_by.partner, '/', fed_by.dataset)) AS named,
        coalesce(
            list_contains(agreement.audiences, audience.audience)
            AND (list_contains(agreement.layers, layer.layer) OR list_contains(agreement.layers, layer.role)),
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
