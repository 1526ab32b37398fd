DROP INDEX voided_prints_print_number;
DROP INDEX certificates_print_number;
DROP TABLE holiday_years;
