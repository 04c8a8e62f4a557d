{{ config(severity = 'warn') }}
SELECT lsoa_code FROM {{ ref('crimes') }} WHERE longitude NOT BETWEEN -9 AND 2.5
