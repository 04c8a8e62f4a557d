-- What makes a UK identifier well formed. Each takes a text and says true or false; none looks it up.
-- CASE, because DuckDB may run what stands after an AND first, and a list of another length raises.

-- NHS number: ten digits; weights 10 to 2 on the first nine and 1 on the check digit come to a multiple of 11.
-- A stem whose check digit would be 10 can have no such sum, so it is never valid.
CREATE OR REPLACE TEMP MACRO is_nhs_number(written) AS
    CASE WHEN regexp_full_match(written, '[0-9]{10}') THEN
        list_dot_product([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]::FLOAT[], string_split(written, '')::FLOAT[]) % 11 = 0
    ELSE false END;

-- Unique pupil number: check letter, LA, establishment, year, serial. The check letter stands, among 23 letters
-- without I, O and S, at the place given by the sum of each later character times its position, modulo 23.
-- A temporary number ends in a letter, which counts as its own place in that list.
CREATE OR REPLACE TEMP MACRO upn_place(letter) AS
    instr('ABCDEFGHJKLMNPQRTUVWXYZ', letter) - 1;

CREATE OR REPLACE TEMP MACRO is_upn(written) AS
    CASE WHEN regexp_full_match(written, '[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]') THEN (
        list_dot_product(
            [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]::FLOAT[], string_split(substr(written, 2, 11), '')::FLOAT[]
        )
        + 13 * coalesce(TRY_CAST(substr(written, 13) AS INTEGER), upn_place(substr(written, 13)))
    ) % 23 = upn_place(substr(written, 1, 1)) ELSE false END;

-- Establishment: the DfE's unique reference number, and LA (201 on) with establishment number, as 2054000.
CREATE OR REPLACE TEMP MACRO is_urn(written) AS
    regexp_full_match(written, '[1-9][0-9]{5}');

CREATE OR REPLACE TEMP MACRO is_laestab(written) AS
    regexp_full_match(written, '[2-9][0-9]{2}[1-9][0-9]{3}');

-- Unique property reference number: up to twelve digits, with or without leading zeros.
CREATE OR REPLACE TEMP MACRO is_uprn(written) AS
    regexp_full_match(written, '[0-9]{1,12}') AND NOT regexp_full_match(written, '0+');

-- Postcodes in capitals: the letters each place may hold, as the Post Office assigns them.
CREATE OR REPLACE TEMP MACRO is_outward_code(written) AS
    regexp_full_match(
        written, '[A-PR-UWYZ]([0-9]{1,2}|[A-HK-Y][0-9]([0-9]|[ABEHMNPRV-Y])?|[0-9][A-HJKPS-UW])|GIR'
    );

CREATE OR REPLACE TEMP MACRO is_postcode(written) AS
    regexp_full_match(written, '.+[0-9][ABD-HJLNP-UW-Z]{2}')
    AND is_outward_code(rtrim(substr(written, 1, length(written) - 3)));

-- Areas: the Government Statistical Service's nine characters (from 2011), and the ONS codes before them:
-- county and district (00AA), and a ward within it (00AAFA).
CREATE OR REPLACE TEMP MACRO is_gss_code(written) AS
    regexp_full_match(written, '[EJKLMNSW][0-9]{8}');

CREATE OR REPLACE TEMP MACRO is_legacy_area_code(written) AS
    regexp_full_match(written, '(00|[1-9][0-9])[A-HJ-NP-Z]{2}([A-HJ-NP-Z]{2})?');

CREATE OR REPLACE TEMP MACRO is_area_code(written) AS
    is_gss_code(written) OR is_legacy_area_code(written);

-- Home Office offence class, with its letter or decimal, and its subclass after a stroke: 28, 34B, 4.1, 5/01.
CREATE OR REPLACE TEMP MACRO is_offence_code(written) AS
    regexp_full_match(written, '[1-9][0-9]{0,2}([A-Z]|[.][0-9]{1,2})?(/[0-9]{2})?');
