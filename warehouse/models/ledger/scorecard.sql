-- How each delivery of one dataset did: the share of checks it passed, by the six characteristics, in per cent.
-- What a person confirmed as true counts as passed. Newest period last; superseded and rejected files are shown too.
SELECT
    delivery.delivery_id,
    delivery.period,
    delivery.received_at,
    delivery.state,
    delivery.decision,
    delivery.rows_received,
    delivery.rows_accepted,
    delivery.rows_quarantined,
    rule.characteristic,
    count(*) AS rules,
    count(*) FILTER (rule.outcome = 'failed') AS rules_failed,
    count(*) FILTER (rule.outcome = 'confirmed') AS rules_confirmed,
    round(
        100 * (1 - least(1, sum(CASE rule.outcome WHEN 'failed' THEN greatest(rule.failed, 1) ELSE 0 END)
            / greatest(sum(rule.checked), count(*)))),
        1
    ) AS passed,
    any_value(said.checks) AS checks
FROM warehouse.ledger.delivery AS delivery
LEFT JOIN warehouse.ledger.rule_result AS rule USING (delivery_id)
LEFT JOIN (
    SELECT delivery_id, arg_max(checks, (answered_at, claim)) AS checks
    FROM warehouse.ledger.reply
    WHERE checks IS NOT NULL
    GROUP BY ALL
) AS said USING (delivery_id)
WHERE delivery.partner = $partner
    AND delivery.dataset = $dataset
    AND delivery.rows_gone_at IS NULL
    AND delivery.state NOT IN ('held', 'refused', 'duplicate')
GROUP BY ALL
ORDER BY min(delivery.sequence), rule.characteristic;
