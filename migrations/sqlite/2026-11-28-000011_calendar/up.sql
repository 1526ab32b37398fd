-- Holiday arrangements that were imported. One of a year replaces the one that the program brings along.
CREATE TABLE holiday_years (
    year INTEGER PRIMARY KEY NOT NULL,
    days TEXT NOT NULL, -- JSON: name, date and isOffDay of each day, as in holiday-cn
    imported_at TIMESTAMP NOT NULL
);

-- A print number must not be on two certificates. Old records may break this rule, so it is no unique index:
-- new numbers are checked under a lock.
CREATE INDEX certificates_print_number ON certificates (print_number);
CREATE INDEX voided_prints_print_number ON voided_prints (print_number);
