{{ config(severity = 'warn') }}
SELECT lsoa_code FROM {{ ref('crimes') }} WHERE NOT regexp_full_match(lsoa_code, '[EW]01[0-9]{6}')
