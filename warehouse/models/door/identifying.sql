-- What a cell must not hold where an agreement lets no row identify a person. Each takes a text, says true or false.
-- They err on the side of holding a file back: a person looks at it, and nothing of it was kept meanwhile.

-- A full postcode (SI 2007/1831 allows its outward part only), alone or within an address, in any spelling.
CREATE OR REPLACE TEMP MACRO holds_postcode(cell) AS
    regexp_matches(upper(cell), '(^|[^A-Z0-9])[A-Z]{1,2}[0-9][0-9A-Z]?[^0-9A-Z]{0,2}[0-9][A-Z]{2}($|[^A-Z0-9])');

-- An NHS number, with or without its gaps, alone or within a text: weights 10 to 1 come to a multiple of 11. What
-- follows a point is the fraction of a number.
CREATE OR REPLACE TEMP MACRO nhs_digits(cell) AS
    nullif(regexp_replace(
        regexp_extract(cell, '(^|[^0-9A-Za-z.-])([0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4})($|[^0-9A-Za-z-])', 2), '[^0-9]', '', 'g'
    ), '');

CREATE OR REPLACE TEMP MACRO holds_nhs_number(cell) AS
    coalesce(list_dot_product(
        [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]::FLOAT[], string_split(nhs_digits(cell), '')::FLOAT[]
    ) % 11 = 0, false) AND nhs_digits(cell) <> '0000000000';

-- A National Insurance number.
CREATE OR REPLACE TEMP MACRO holds_national_insurance_number(cell) AS
    regexp_matches(upper(cell), '(^|[^A-Z0-9])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]($|[^A-Z0-9])');

-- An e-mail address.
CREATE OR REPLACE TEMP MACRO holds_email_address(cell) AS
    regexp_matches(cell, '[^@\s]+@[^@\s]+\.[A-Za-z]{2,}');

-- A telephone number of the United Kingdom, alone or within a text.
CREATE OR REPLACE TEMP MACRO holds_telephone_number(cell) AS
    regexp_matches(cell, '(^|[^0-9A-Za-z.])(\+44 ?(\(0\) ?)?|0)[1-37][0-9]{1,4}[ -]?[0-9]{3,4}[ -]?[0-9]{3,4}($|[^0-9A-Za-z])');

-- A whole date where the contract has no date: what a date of birth looks like.
CREATE OR REPLACE TEMP MACRO holds_date(cell) AS
    regexp_full_match(trim(cell), '(19|20)[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}([T ].*)?')
    OR regexp_full_match(trim(cell), '[0-9]{1,2}[-/. ]([0-9]{1,2}|[A-Za-z]{3,9})[-/. ]((19|20)?[0-9]{2})');

-- A person's name: with a title, surname first, or two words that each begin with a capital.
CREATE OR REPLACE TEMP MACRO holds_name(cell) AS
    regexp_matches(cell, '(^|[^A-Za-z])(Mr|Mrs|Ms|Miss|Mx|Dr|MR|MRS|MS|MISS|DR)\.? +[A-Z]')
    OR regexp_full_match(trim(cell), '[A-Z][A-Za-z''’-]+, ?[A-Z][A-Za-z''’-]*\.?( .*)?')
    OR regexp_full_match(trim(cell), '[A-Z][a-z''’-]+( [A-Z]\.?)?( [A-Z][A-Za-z''’-]+){1,3}')
    OR regexp_full_match(trim(cell), '[A-Z''’-]{2,}( [A-Z]\.?)? [A-Z''’-]{2,}');
