{{ config(severity = 'warn') }}
SELECT lsoa_code FROM {{ ref('crimes') }} WHERE latitude NOT BETWEEN 49 AND 61
