{{ config(severity = 'warn') }}
SELECT lsoa_code FROM {{ ref('crimes') }} WHERE NOT regexp_full_match(crime_id, '[0-9a-f]{64}')
