DROP INDEX certificate_inquiries_day;
