-- People on the disease registers of the borough's practices, and the patients each register is measured against.
-- Every register has a list of its own ages: list sizes stand beside their register and are never added up over them.
WITH registers AS (
    SELECT
        partnership.area_code,
        coalesce(register.label, 'Not known') AS category,
        sum(accepted.on_register) AS people,
        sum(accepted.list_size) AS patients,
        count(*) AS rows
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.code AS register
        ON register.codelist = 'disease_registers' AND register.code = accepted.register_code
    WHERE accepted.on_register IS NOT NULL AND accepted.list_size IS NOT NULL
    GROUP BY ALL
), shown AS (
    SELECT
        area_code,
        category,
        rows,
        unnest([
            {'measure': 'people_on_register', 'amount': people},
            {'measure': 'patients_of_register_ages', 'amount': patients}
        ], recursive := true)
    FROM registers
)
SELECT
    measure,
    CAST(getvariable('period_start') AS DATE) AS period_start,
    CAST(getvariable('period_end') AS DATE) AS period_end,
    area_code,
    'register' AS breakdown,
    category,
    CAST(amount AS DECIMAL(28, 9)) AS amount,
    CAST(rows AS BIGINT) AS rows
FROM shown
