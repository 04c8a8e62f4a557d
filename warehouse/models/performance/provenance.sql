-- Which deliveries a headline figure rests on: those that cover its own days, and those of its year to date.
WITH window_of AS (
    SELECT
        figure.indicator,
        figure.period,
        figure.period_end,
        figure.suppressed,
        indicator.kind,
        indicator.months,
        own_start(indicator.kind, figure.period_start, figure.period_end, indicator.window_years, indicator.since)
            AS own_start,
        ytd_start(indicator.kind, calendar.year_start) AS ytd_start,
        CASE WHEN is_change(indicator.kind)
            THEN coalesce(indicator.base_start, years_before(own_start, indicator.base_years_before)) END AS base_start,
        CASE WHEN is_change(indicator.kind)
            THEN coalesce(indicator.base_end, years_before(figure.period_end, indicator.base_years_before)) END
            AS base_end
    FROM disclosure.figure AS figure
    JOIN reference.partnership AS partnership USING (area_code)
    JOIN reference.indicator AS indicator USING (framework, indicator)
    JOIN reference.period AS calendar USING (framework, indicator, period)
    WHERE figure.breakdown = 'all'
), needed AS (
    SELECT DISTINCT indicator, partner, dataset, measure
    FROM reference.term
    WHERE framework = $framework AND dataset IS NOT NULL
), held AS (
    -- Owed deliveries speak for their period, also when they hold no row; published data for the days of its rows.
    SELECT
        owed.partner,
        owed.dataset,
        CAST(NULL AS VARCHAR) AS measure,
        owed.period_start,
        owed.period_end,
        delivery.delivery_id
    FROM reference.dataset_period AS owed
    JOIN warehouse.ledger.delivery AS delivery USING (partner, dataset, period)
    WHERE delivery.state = 'merged' OR delivery.of_record
    UNION
    SELECT
        contribution.partner,
        contribution.dataset,
        contribution.measure,
        contribution.period_start,
        contribution.period_end,
        delivery_id
    FROM warehouse.merged.contribution AS contribution
    JOIN warehouse.ledger.delivery AS delivery USING (delivery_id)
    JOIN reference.dataset AS dataset
        ON dataset.partner = contribution.partner AND dataset.dataset = contribution.dataset
    WHERE (delivery.state = 'merged' OR delivery.of_record) AND dataset.cadence IS NULL
), feeding AS (
    SELECT
        window_of.indicator,
        window_of.period,
        window_of.period_end,
        held.delivery_id,
        bool_or(window_of.suppressed) AS suppressed,
        bool_or(held.period_start >= window_of.own_start OR held.period_end <= window_of.base_end) AS own
    FROM window_of
    JOIN needed USING (indicator)
    JOIN held ON held.partner = needed.partner
        AND held.dataset = needed.dataset
        AND (held.measure IS NULL OR held.measure = needed.measure)
        AND (held.period_start >= least(window_of.own_start, window_of.ytd_start)
            AND held.period_end <= window_of.period_end
            OR held.period_start >= window_of.base_start AND held.period_end <= window_of.base_end)
    WHERE (window_of.kind <> 'snapshot' OR held.period_end = window_of.period_end)
        AND (window_of.months IS NULL OR list_contains(window_of.months, month(held.period_end)))
    GROUP BY ALL
), counted AS (
    -- How many rows a delivery has can be the figure itself: not told where it is small, nor where a headline that
    -- rests on the delivery is withheld.
    SELECT
        feeding.delivery_id,
        bool_or(feeding.suppressed AND feeding.own)
            OR coalesce(bool_or(delivery.rows_received BETWEEN 1 AND threshold.threshold - 1
                OR delivery.rows_accepted BETWEEN 1 AND threshold.threshold - 1), false) AS hides_rows
    FROM feeding
    JOIN disclosure.threshold AS threshold USING (indicator)
    JOIN warehouse.ledger.delivery AS delivery USING (delivery_id)
    GROUP BY ALL
), failed AS (
    SELECT delivery_id, count(*) AS rules_failed
    FROM warehouse.ledger.rule_result
    WHERE outcome = 'failed'
    GROUP BY ALL
)
SELECT
    $framework AS framework,
    feeding.period,
    feeding.period_end,
    feeding.indicator,
    feeding.delivery_id,
    CASE WHEN feeding.own THEN 'value' ELSE 'year to date' END AS feeds,
    delivery.partner,
    delivery.dataset,
    delivery.period AS delivery_period,
    delivery.decision,
    delivery.sha256,
    delivery.received_at,
    CASE WHEN NOT coalesce(counted.hides_rows, false) THEN delivery.rows_received END AS rows_received,
    CASE WHEN NOT coalesce(counted.hides_rows, false) THEN delivery.rows_accepted END AS rows_accepted,
    delivery.rows_quarantined,
    delivery.rows_out_of_scope,
    coalesce(failed.rules_failed, 0) AS rules_failed,
    delivery.agreement_id,
    CAST(delivery.rows_gone_at AS DATE) AS rows_gone_on,
    delivery.contract_fingerprint,
    delivery.standard_fingerprint,
    model.model,
    model.model_sha256
FROM feeding
JOIN warehouse.ledger.delivery AS delivery USING (delivery_id)
LEFT JOIN counted USING (delivery_id)
LEFT JOIN failed USING (delivery_id)
LEFT JOIN publication_model AS model ON model.partner = delivery.partner AND model.dataset = delivery.dataset
ORDER BY feeding.indicator, feeding.period_end, feeding.delivery_id;
