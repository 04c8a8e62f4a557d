-- The rules that rows of the deliveries behind the figures failed, in the words the partner was told.
SELECT DISTINCT
    result.delivery_id,
    result.rule_id,
    result.severity,
    result.characteristic,
    result.sentence,
    result.failed
FROM warehouse.ledger.rule_result AS result
WHERE result.outcome = 'failed'
    AND result.delivery_id IN (
        SELECT delivery_id FROM performance.provenance
        UNION
        SELECT delivery_id FROM performance.data_quality
    )
ORDER BY result.delivery_id, result.rule_id;
