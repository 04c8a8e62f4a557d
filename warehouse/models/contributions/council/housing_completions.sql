-- Homes gained and lost in the quarter by ward, for NI 154 and NI 155.
-- Net additional homes: new build and gains less losses; an acquisition adds no home. Affordable homes: new build and
-- acquisitions in the tenures of code list affordable_tenures; losses are never taken off.
WITH homes AS (
    SELECT
        accepted.event,
        accepted.units,
        coalesce(event.label, 'Not known') AS event_name,
        coalesce(tenure.label, 'Not known') AS tenure_name,
        accepted.tenure IN (SELECT code FROM reference.code WHERE codelist = 'affordable_tenures') AS affordable,
        coalesce(ward.area_code, partnership.area_code) AS area_code
    FROM accepted
    CROSS JOIN reference.partnership AS partnership
    LEFT JOIN reference.area_code AS ward ON ward.code = accepted.ward_code
    LEFT JOIN reference.code AS event ON event.codelist = 'housing_events' AND event.code = accepted.event
    LEFT JOIN reference.code AS tenure ON tenure.codelist = 'tenures' AND tenure.code = accepted.tenure
), counted AS (
    SELECT
        'net_additional_homes' AS measure,
        area_code,
        event_name,
        tenure_name,
        CASE
            WHEN event IN ('newbuild_complete', 'conversion_gain', 'change_of_use_gain') THEN units
            WHEN event IN ('conversion_loss', 'change_of_use_loss', 'demolition') THEN -units
        END AS units
    FROM homes
    WHERE event <> 'acquisition'
    UNION ALL
    SELECT 'affordable_homes', area_code, event_name, tenure_name, units
    FROM homes
    WHERE affordable AND event IN ('newbuild_complete', 'acquisition')
), shown AS (
    SELECT
        measure,
        area_code,
        units,
        unnest([
            {'breakdown': 'all', 'category': 'all'},
            {'breakdown': 'event', 'category': event_name},
            {'breakdown': 'tenure', 'category': tenure_name}
        ], recursive := true)
    FROM counted
    WHERE units IS NOT NULL
)
SELECT
    measure,
    CAST(getvariable('period_start') AS DATE) AS period_start,
    CAST(getvariable('period_end') AS DATE) AS period_end,
    area_code,
    breakdown,
    category,
    CAST(sum(units) AS DECIMAL(28, 9)) AS amount,
    count(*) AS rows
FROM shown
GROUP BY ALL
