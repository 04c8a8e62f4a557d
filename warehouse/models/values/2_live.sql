-- What is live now: the deliveries that stand, their contributions, and which days they speak for.

-- Where a contribution's area counts towards: the partnership, its ward in each set of wards, a comparator itself, or
-- the group of areas it is a member of.
CREATE OR REPLACE TEMP TABLE value_reach AS
WITH compared AS (
    SELECT area_code AS from_area, area_code FROM reference.comparator
    UNION ALL
    SELECT member_code, area_code FROM reference.comparator_member
), own AS (
    SELECT area.area_code AS from_area, area.area_type, area.parent_code
    FROM reference.area AS area
    WHERE area.area_type NOT IN ('country', 'region', 'group')
        AND area.area_code NOT IN (SELECT from_area FROM compared)
), of_ward AS (
    SELECT from_area, from_area AS ward_code FROM own WHERE area_type = 'ward'
    UNION
    SELECT from_area, parent_code FROM own WHERE area_type = 'lsoa'
    UNION
    SELECT from_code, to_code FROM reference.best_fit
)
SELECT own.from_area, partnership.area_code, 'borough' AS level, partnership.area_code AS place,
    CAST(NULL AS INTEGER) AS ward_vintage
FROM own
CROSS JOIN reference.partnership AS partnership
UNION ALL
SELECT of_ward.from_area, of_ward.ward_code, 'ward', partnership.area_code, ward.vintage
FROM of_ward
JOIN reference.area AS ward ON ward.area_code = of_ward.ward_code AND ward.area_type = 'ward'
CROSS JOIN reference.partnership AS partnership
UNION ALL
SELECT from_area, area_code, 'comparator', area_code, NULL
FROM compared;

CREATE OR REPLACE TEMP TABLE value_live AS
WITH needed AS (
    SELECT DISTINCT term.partner, term.dataset, term.measure
    FROM reference.term AS term
    JOIN value_window USING (framework, indicator)
    WHERE term.dataset IS NOT NULL
), reached AS (
    SELECT min(span_start) AS first_day, max(span_end) AS last_day FROM value_span
), ending AS (
    SELECT delivery_id, max(period_end) AS last_day FROM warehouse.merged.contribution GROUP BY delivery_id
), standing AS MATERIALIZED (
    -- Only the days that some span adds up: what lies before and after costs nothing, however long the history.
    SELECT contribution.*, {'to': ending.last_day, 'for': delivery.period} AS drawn
    FROM warehouse.merged.contribution AS contribution
    JOIN reached ON contribution.period_start >= reached.first_day AND contribution.period_end <= reached.last_day
    JOIN needed USING (partner, dataset, measure)
    JOIN ending USING (delivery_id)
    JOIN warehouse.ledger.delivery AS delivery USING (delivery_id)
    WHERE delivery.state = 'merged' OR delivery.of_record
), newest AS (
    -- A published file restates earlier years: of two deliveries that speak for the same days, those that run
    -- furthest are used, then those of the latest period. Deliveries of one period that end on the same day stand side
    -- by side (two police forces in a month).
    SELECT partner, dataset, measure, period_start, period_end, max(drawn) AS drawn
    FROM standing
    GROUP BY ALL
)
SELECT standing.* EXCLUDE (drawn)
FROM standing
JOIN newest USING (partner, dataset, measure, period_start, period_end, drawn);

-- Which days are spoken for, per place. Where deliveries are owed: the periods owed and in, whatever they hold,
-- so that no row means none. Published data, which nobody owes: the days for which the place has a headline.
CREATE OR REPLACE TEMP TABLE value_held AS
WITH spoken AS (
    SELECT DISTINCT
        live.partner, live.dataset, live.measure, live.area_code, live.period_start, live.period_end, live.delivery_id
    FROM value_live AS live
    JOIN reference.dataset AS dataset ON dataset.partner = live.partner AND dataset.dataset = live.dataset
    WHERE dataset.cadence IS NULL AND live.breakdown = 'all'
), whole AS (
    -- A group of areas speaks for the days of which each of its members does.
    SELECT spoken.partner, spoken.dataset, spoken.measure, member.area_code, spoken.period_start, spoken.period_end
    FROM spoken
    JOIN reference.comparator_member AS member ON member.member_code = spoken.area_code
    JOIN (SELECT area_code, count(*) AS members FROM reference.comparator_member GROUP BY area_code) AS size
        ON size.area_code = member.area_code
    GROUP BY ALL
    HAVING count(DISTINCT spoken.area_code) = any_value(size.members)
)
SELECT
    owed.partner,
    owed.dataset,
    CAST(NULL AS VARCHAR) AS measure,
    partnership.area_code AS place,
    owed.period_start,
    owed.period_end,
    delivery.delivery_id
FROM reference.dataset_period AS owed
JOIN warehouse.ledger.delivery AS delivery
    ON delivery.partner = owed.partner
    AND delivery.dataset = owed.dataset
    AND delivery.period = owed.period
    AND (delivery.state = 'merged' OR delivery.of_record)
CROSS JOIN reference.partnership AS partnership
UNION
SELECT
    spoken.partner,
    spoken.dataset,
    spoken.measure,
    reach.place,
    spoken.period_start,
    spoken.period_end,
    spoken.delivery_id
FROM spoken
JOIN value_reach AS reach ON reach.from_area = spoken.area_code
WHERE reach.level = 'borough' OR reach.area_code = spoken.area_code AND reach.level = 'comparator'
UNION
SELECT
    spoken.partner,
    spoken.dataset,
    spoken.measure,
    whole.area_code,
    spoken.period_start,
    spoken.period_end,
    spoken.delivery_id
FROM spoken
JOIN reference.comparator_member AS member ON member.member_code = spoken.area_code
JOIN whole
    ON whole.partner = spoken.partner
    AND whole.dataset = spoken.dataset
    AND whole.measure = spoken.measure
    AND whole.area_code = member.area_code
    AND whole.period_start = spoken.period_start
    AND whole.period_end = spoken.period_end;

-- What its sender says of an amount: whether it is final, who stated it, when it was measured. A contribution says so
-- in breakdowns of these names.
CREATE OR REPLACE TEMP TABLE value_stated AS
SELECT
    span.framework,
    span.indicator,
    span.period,
    reach.place,
    max(CASE live.category WHEN 'estimate' THEN 3 WHEN 'provisional' THEN 2 WHEN 'final' THEN 1 END)
        FILTER (WHERE live.breakdown = 'basis') AS basis,
    string_agg(DISTINCT live.category, ', ' ORDER BY live.category) FILTER (WHERE live.breakdown = 'source') AS source,
    max(TRY_CAST(live.category AS DATE)) FILTER (WHERE live.breakdown = 'measured_on') AS measured_on
FROM value_span AS span
JOIN reference.term AS term USING (framework, indicator)
JOIN value_live AS live
    ON live.partner = term.partner
    AND live.dataset = term.dataset
    AND live.measure = term.measure
    AND live.period_start >= span.span_start
    AND live.period_end <= span.span_end
JOIN value_reach AS reach ON reach.from_area = live.area_code
WHERE span.span = 'own' AND live.breakdown IN ('basis', 'source', 'measured_on')
GROUP BY ALL;
