SELECT month, lsoa_code, crime_type, count(*) AS crimes
FROM {{ ref('crimes') }}
WHERE regexp_full_match(lsoa_code, '[EW]01[0-9]{6}')
GROUP BY ALL
