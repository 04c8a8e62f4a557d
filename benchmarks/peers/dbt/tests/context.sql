{{ config(severity = 'warn') }}
SELECT lsoa_code FROM {{ ref('crimes') }} WHERE context IS NOT NULL
