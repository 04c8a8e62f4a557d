-- Pounds paid to suppliers, for each month of the year so far. Money that came back is taken off.
WITH paid AS (
    SELECT
        CAST(date_trunc('month', accepted.paid_on) AS DATE) AS month_start,
        partnership.area_code,
        CASE
            WHEN accepted.category IS NULL OR accepted.category IN ('NA', 'Not Classified') THEN 'Not classified'
            ELSE upper(trim(split_part(accepted.category, ':', 1)))
        END AS kind,
        accepted.amount
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
), shown AS (
    SELECT month_start, area_code, 'all' AS breakdown, 'all' AS category, amount FROM paid
    UNION ALL
    SELECT month_start, area_code, 'kind_bought', kind, amount FROM paid
)
SELECT
    'supplier_payments' AS measure,
    month_start AS period_start,
    CAST(month_start + INTERVAL 1 MONTH - INTERVAL 1 DAY AS DATE) AS period_end,
    area_code,
    breakdown,
    category,
    CAST(sum(amount) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM shown
GROUP BY ALL
