-- What became of each extract the framework's figures need: the one that stands, else the newest, else none.
WITH needed AS (
    SELECT DISTINCT partner, dataset FROM reference.term WHERE framework = $framework AND dataset IS NOT NULL
), starting AS (
    SELECT starts FROM reference.framework WHERE framework = $framework
), arrived AS (
    SELECT
        delivery.*,
        about.period_start,
        about.period_end,
        strftime(about.received_on, '%-d %B %Y') AS received_on,
        delivery.state IN ('accepted', 'accepted_with_exceptions', 'merged') OR coalesce(delivery.of_record, false) AS stands
    FROM warehouse.ledger.delivery AS delivery
    JOIN needed USING (partner, dataset)
    JOIN publication_delivery AS about USING (delivery_id)
    WHERE delivery.state NOT IN ('duplicate', 'withdrawn')
        AND (about.period_end <= $last OR (starts_with(delivery.period, 'AY') AND about.period_start <= $last))
), standing AS (
    SELECT
        *,
        count(*) FILTER (WHERE state IN ('rejected', 'held')) OVER newer > 0 AS newer_failed
    FROM arrived
    WINDOW newer AS (
        PARTITION BY partner, dataset, period, slot
        ORDER BY sequence ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    )
    QUALIFY row_number() OVER (
        PARTITION BY partner, dataset, period, slot ORDER BY stands DESC, sequence DESC
    ) = 1
), owed AS (
    SELECT dataset_period.*
    FROM reference.dataset_period AS dataset_period
    JOIN needed USING (partner, dataset)
    CROSS JOIN starting
    WHERE dataset_period.period_end <= $last AND dataset_period.period_end >= starting.starts
), listed AS (
    SELECT
        coalesce(standing.partner, owed.partner) AS partner,
        coalesce(standing.dataset, owed.dataset) AS dataset,
        coalesce(standing.period, owed.period) AS period,
        coalesce(owed.period_start, standing.period_start) AS period_start,
        coalesce(owed.period_end, standing.period_end) AS period_end,
        standing.* EXCLUDE (partner, dataset, period, period_start, period_end)
    FROM owed
    FULL JOIN standing
        ON standing.partner = owed.partner AND standing.dataset = owed.dataset AND standing.period = owed.period
), failed AS (
    SELECT
        delivery_id,
        count(*) FILTER (WHERE outcome = 'failed') AS rules_failed,
        string_agg(concat(CASE outcome WHEN 'confirmed' THEN 'Confirmed as true: ' END, sentence), ' ' ORDER BY
            outcome DESC,
            CASE severity WHEN 'critical' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, failed DESC, rule_id) AS sentences
    FROM warehouse.ledger.rule_result
    WHERE outcome IN ('failed', 'confirmed')
    GROUP BY ALL
), shares AS (
    -- As the scorecard has them: what a person confirmed as true counts as passed.
    SELECT
        delivery_id,
        characteristic,
        round(100 * (1 - least(1, sum(CASE outcome WHEN 'failed' THEN greatest(failed, 1) ELSE 0 END)
            / greatest(sum(checked), count(*)))), 1) AS passed
    FROM warehouse.ledger.rule_result
    GROUP BY ALL
), passed AS (
    SELECT
        delivery_id,
        max(passed) FILTER (characteristic = 'accuracy') AS accuracy,
        max(passed) FILTER (characteristic = 'validity') AS validity,
        max(passed) FILTER (characteristic = 'reliability') AS reliability,
        max(passed) FILTER (characteristic = 'timeliness') AS timeliness,
        max(passed) FILTER (characteristic = 'relevance') AS relevance,
        max(passed) FILTER (characteristic = 'completeness') AS completeness
    FROM shares
    GROUP BY ALL
), checked AS (
    SELECT delivery_id, arg_max(checks, (answered_at, claim)) AS checks
    FROM warehouse.ledger.reply
    WHERE checks IS NOT NULL
    GROUP BY ALL
), hiding AS (
    SELECT delivery_id, bool_or(rows_received IS NULL) AS hides_rows FROM performance.provenance GROUP BY ALL
), told AS (
    SELECT
        listed.*,
        coalesce(failed.rules_failed, 0) AS rules_failed,
        failed.sentences,
        checked.checks,
        passed.* EXCLUDE (delivery_id),
        coalesce(hiding.hides_rows, false)
            OR coalesce(listed.rows_received BETWEEN 1 AND agreed.threshold - 1, false)
            OR coalesce(listed.rows_accepted BETWEEN 1 AND agreed.threshold - 1, false)
            AS hides_rows,
        due.due_on,
        CASE
            WHEN listed.delivery_id IS NOT NULL THEN listed.state
            WHEN due.due_on < $published_on THEN 'overdue'
            WHEN due.due_on IS NOT NULL THEN 'due'
            ELSE 'not received'
        END AS shown_state
    FROM listed
    LEFT JOIN failed USING (delivery_id)
    LEFT JOIN hiding USING (delivery_id)
    LEFT JOIN passed USING (delivery_id)
    LEFT JOIN checked USING (delivery_id)
    LEFT JOIN publication_due AS due
        ON due.partner = listed.partner AND due.dataset = listed.dataset AND due.period = listed.period
    LEFT JOIN (
        SELECT term.partner, term.dataset, max(threshold.threshold) AS threshold
        FROM reference.term AS term
        JOIN disclosure.threshold AS threshold USING (framework, indicator)
        GROUP BY ALL
    ) AS agreed ON agreed.partner = listed.partner AND agreed.dataset = listed.dataset
)
SELECT
    $framework AS framework,
    told.partner,
    told.dataset,
    dataset.title AS dataset_title,
    told.period,
    told.period_start,
    told.period_end,
    told.due_on,
    told.delivery_id,
    told.shown_state AS state,
    told.decision,
    CASE WHEN NOT told.hides_rows THEN told.rows_received END AS rows_received,
    CASE WHEN NOT told.hides_rows THEN told.rows_accepted END AS rows_accepted,
    told.rows_quarantined,
    told.rows_out_of_scope,
    told.rules_failed,
    -- A share tells how many rows were checked, so it is not told where that is not.
    CASE WHEN NOT told.hides_rows THEN told.accuracy END AS accuracy,
    CASE WHEN NOT told.hides_rows THEN told.validity END AS validity,
    CASE WHEN NOT told.hides_rows THEN told.reliability END AS reliability,
    CASE WHEN NOT told.hides_rows THEN told.timeliness END AS timeliness,
    CASE WHEN NOT told.hides_rows THEN told.relevance END AS relevance,
    CASE WHEN NOT told.hides_rows THEN told.completeness END AS completeness,
    told.checks,
    told.received_at,
    concat_ws(' ',
        CASE
            WHEN told.delivery_id IS NULL THEN concat('Not received', CASE
                WHEN told.shown_state = 'overdue' THEN '; it was due on ' || strftime(told.due_on, '%-d %B %Y')
                WHEN told.shown_state = 'due' THEN '; it is due on ' || strftime(told.due_on, '%-d %B %Y')
            END, '.')
            WHEN told.state IN ('rejected', 'held', 'refused') THEN concat('The file of ', told.received_on, ' was ',
                CASE told.state WHEN 'held' THEN 'held: it may not be used yet' ELSE 'not accepted' END, '.')
            WHEN told.state = 'received' THEN concat('The file of ', told.received_on, ' is still being checked.')
            WHEN told.of_record THEN concat('Received on ', told.received_on,
                ' and accepted. Its rows were erased on ', strftime(told.rows_gone_at, '%-d %B %Y'),
                ' as agreed; its figures stay on record.')
            WHEN told.state IN ('erased', 'expired') THEN concat('The file of ', told.received_on,
                ' was erased on ', strftime(told.rows_gone_at, '%-d %B %Y'), ' and counts no more.')
            WHEN told.decision = 'nil'
                THEN concat('Nil return of ', told.received_on, ': the partner says there was nothing to report.')
            WHEN told.decision = 'accepted_with_exceptions' THEN concat('Received on ', told.received_on,
                ' and accepted with exceptions: ', told.rows_quarantined,
                CASE told.rows_quarantined WHEN 1 THEN ' row was' ELSE ' rows were' END, ' set aside.')
            ELSE concat('Received on ', told.received_on, ' and accepted.')
        END,
        told.sentences,
        CASE WHEN told.stands AND told.newer_failed
            THEN 'A newer file was not accepted; this one stays in use.' END
    ) AS sentence
FROM told
LEFT JOIN reference.dataset AS dataset ON dataset.partner = told.partner AND dataset.dataset = told.dataset
ORDER BY told.partner, told.dataset, told.period_start, told.delivery_id;
