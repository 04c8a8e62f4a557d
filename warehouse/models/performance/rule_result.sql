-- The rules that rows of the deliveries behind the figures failed, in the words the partner was told; and what a person
-- confirmed as true although a rule found it odd, with why and until when.
WITH confirmed AS (
    SELECT *
    FROM warehouse.ledger.confirmation
    QUALIFY row_number() OVER (
        PARTITION BY partner, dataset, period, slot, rule_id ORDER BY confirmed_at DESC, until DESC, reason
    ) = 1
)
SELECT DISTINCT
    result.delivery_id,
    result.rule_id,
    result.severity,
    result.characteristic,
    result.sentence,
    result.failed,
    result.outcome,
    CASE WHEN result.outcome = 'confirmed' THEN confirmed.reason END AS confirmed_because,
    CASE WHEN result.outcome = 'confirmed' THEN confirmed.until END AS confirmed_until
FROM warehouse.ledger.rule_result AS result
JOIN warehouse.ledger.delivery AS delivery USING (delivery_id)
LEFT JOIN confirmed
    ON confirmed.partner = delivery.partner
    AND confirmed.dataset = delivery.dataset
    AND confirmed.period = delivery.period
    AND confirmed.slot IS NOT DISTINCT FROM delivery.slot
    AND confirmed.rule_id = result.rule_id
WHERE result.outcome IN ('failed', 'confirmed')
    AND result.delivery_id IN (
        SELECT delivery_id FROM performance.provenance
        UNION
        SELECT delivery_id FROM performance.data_quality
    )
ORDER BY result.delivery_id, result.rule_id;
