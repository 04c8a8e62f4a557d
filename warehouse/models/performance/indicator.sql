-- The published figures: values past disclosure control, with baseline, targets and what follows from them. Everything
-- derived (RAG, direction, forecast) is worked out from figures that are shown, so it can tell nothing of the others.
WITH delivered AS (
    SELECT indicator, period, bool_or(decision = 'accepted_with_exceptions') AS with_exceptions
    FROM performance.provenance
    WHERE feeds = 'value'
    GROUP BY ALL
), broken AS (
    -- The last break before or at the start of a figure's days: what lies before it does not compare.
    SELECT calendar.indicator, calendar.period, max("break".starts) AS comparable_from
    FROM reference.period AS calendar
    JOIN reference."break" AS "break"
        ON "break".framework = calendar.framework
        AND "break".indicator = calendar.indicator
        AND "break".starts <= calendar.period_start
    WHERE calendar.framework = $framework
    GROUP BY ALL
), described AS (
    SELECT
        figure.*,
        indicator.priority,
        indicator.name,
        indicator.layer,
        indicator.lead_partner,
        indicator.unit,
        indicator.polarity,
        indicator.decimals,
        indicator.tolerance_percent,
        indicator.cumulative,
        indicator.kind,
        indicator.profile,
        broken.comparable_from,
        forecast_method(indicator.kind, indicator.cumulative, calendar.year_part, calendar.year_parts,
            profile := indicator.profile) AS forecast_method,
        calendar.year_start,
        calendar.year_part,
        calendar.year_parts,
        coalesce(area.area_name, figure.area_code) AS area_name,
        coalesce(delivered.with_exceptions, false) AS with_exceptions,
        -- Commentary, baselines and targets are for the whole partnership.
        own.area_code IS NOT NULL AND figure.breakdown = 'all' AS of_all,
        CASE WHEN own.area_code IS NOT NULL AND figure.breakdown = 'all' THEN CAST(indicator.baseline AS DOUBLE) END
            AS baseline,
        CASE WHEN own.area_code IS NOT NULL AND figure.breakdown = 'all'
            THEN CAST(coalesce(of_year.target, of_period.target) AS DOUBLE) END AS target,
        CASE WHEN own.area_code IS NOT NULL AND figure.breakdown = 'all'
            THEN coalesce(
                CAST(of_period.target AS DOUBLE),
                CASE indicator.kind
                    WHEN 'cumulative' THEN target_on_the_way(
                        of_year.target, coalesce(of_year_before.target, indicator.baseline, 0),
                        calendar.year_part, calendar.year_parts, profile := indicator.profile)
                    ELSE ytd_target(of_year.target, indicator.cumulative, calendar.year_part, calendar.year_parts,
                        profile := indicator.profile)
                END) END
            AS ytd_target
    FROM disclosure.figure AS figure
    JOIN reference.indicator AS indicator USING (framework, indicator)
    JOIN reference.period AS calendar USING (framework, indicator, period)
    LEFT JOIN reference.partnership AS own ON own.area_code = figure.area_code
    LEFT JOIN reference.area AS area ON area.area_code = figure.area_code
    LEFT JOIN reference.target AS of_year
        ON of_year.framework = figure.framework
        AND of_year.indicator = figure.indicator
        AND of_year.period = calendar.year_id
    LEFT JOIN reference.target AS of_period
        ON of_period.framework = figure.framework
        AND of_period.indicator = figure.indicator
        AND of_period.period = figure.period
    LEFT JOIN reference.target AS of_year_before
        ON of_year_before.framework = figure.framework
        AND of_year_before.indicator = figure.indicator
        AND of_year_before.period = 'FY' || (year(calendar.year_start) - 1)
        AND indicator.kind = 'cumulative'
    LEFT JOIN broken ON broken.indicator = figure.indicator AND broken.period = figure.period
    LEFT JOIN delivered ON delivered.indicator = figure.indicator AND delivered.period = figure.period
    WHERE figure.area_code NOT IN (SELECT area_code FROM reference.comparator)
), carried AS (
    -- The last figure shown before this one that compares with it: what a figure that is not in may be read beside.
    SELECT
        *,
        last_value(value IGNORE NULLS) OVER earlier AS last_value,
        last_value(CASE WHEN value IS NOT NULL THEN period END IGNORE NULLS) OVER earlier AS last_period
    FROM described
    WINDOW earlier AS (
        PARTITION BY indicator, area_code, breakdown, category, comparable_from
        ORDER BY period_end ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
)
SELECT
    this.framework,
    this.period,
    this.period_start,
    this.period_end,
    this.priority,
    this.indicator,
    this.name,
    this.layer,
    this.lead_partner,
    this.unit,
    this.polarity,
    this.area_code,
    this.area_name,
    this.breakdown,
    this.category,
    this.numerator,
    this.denominator,
    this.value,
    this.lower,
    this.upper,
    this.baseline,
    this.target,
    this.ytd,
    this.ytd_target,
    CASE
        WHEN this.suppressed OR this.ytd_suppressed THEN NULL
        ELSE rag(this.ytd, this.ytd_target, this.polarity, this.tolerance_percent, a_year_ago.ytd)
    END AS rag,
    clear_direction(
        this.value, this.lower, this.upper, just_before.value, just_before.lower, just_before.upper,
        this.polarity, this.decimals) AS direction_short,
    clear_direction(
        this.value, this.lower, this.upper, a_year_ago.value, a_year_ago.lower, a_year_ago.upper,
        this.polarity, this.decimals) AS direction_long,
    forecast(this.forecast_method, this.ytd, this.year_part, this.year_parts, profile := this.profile) AS forecast,
    CASE
        WHEN this.status = 'missing' THEN 'not received'
        WHEN this.with_exceptions THEN 'with exceptions'
        WHEN this.status IN ('partial', 'estimated') THEN 'estimated'
        WHEN this.basis = 'provisional' THEN 'provisional'
        ELSE 'ok'
    END AS data_quality,
    coalesce(this.basis <> 'final', true) AS provisional,
    this.suppressed,
    this.status,
    CASE WHEN this.of_all THEN said.commentary END AS commentary,
    CASE WHEN this.ytd IS NOT NULL THEN this.forecast_method END AS forecast_method,
    this.comparable_from,
    this.basis,
    this.source AS stated_by,
    this.measured_on,
    CASE WHEN this.status = 'missing' THEN this.last_value END AS carried_forward,
    CASE WHEN this.status = 'missing' THEN this.last_period END AS carried_from
FROM carried AS this
LEFT JOIN stated.said AS said
    ON said.framework = this.framework AND said.indicator = this.indicator AND said.period = this.period
LEFT JOIN described AS just_before
    ON just_before.indicator = this.indicator
    AND just_before.area_code = this.area_code
    AND just_before.breakdown = this.breakdown
    AND just_before.category = this.category
    AND just_before.period_end = this.period_start - 1
    AND just_before.comparable_from IS NOT DISTINCT FROM this.comparable_from
LEFT JOIN described AS a_year_ago
    ON a_year_ago.indicator = this.indicator
    AND a_year_ago.area_code = this.area_code
    AND a_year_ago.breakdown = this.breakdown
    AND a_year_ago.category = this.category
    AND a_year_ago.year_start = this.year_start - INTERVAL 1 YEAR
    AND a_year_ago.year_part = this.year_part
    AND a_year_ago.comparable_from IS NOT DISTINCT FROM this.comparable_from
ORDER BY this.indicator, this.period_end, this.area_code, this.breakdown, this.category;
