SELECT *
FROM read_csv(
    '{{ env_var("BENCH_FILE") }}',
    auto_detect = false,
    header = true,
    columns = {
        'crime_id': 'VARCHAR', 'month': 'VARCHAR', 'reported_by': 'VARCHAR', 'falls_within': 'VARCHAR',
        'longitude': 'DOUBLE', 'latitude': 'DOUBLE', 'location': 'VARCHAR', 'lsoa_code': 'VARCHAR',
        'lsoa_name': 'VARCHAR', 'crime_type': 'VARCHAR', 'last_outcome_category': 'VARCHAR', 'context': 'VARCHAR'
    }
)
