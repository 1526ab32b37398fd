DROP TABLE sms_opt_outs;
DROP INDEX applications_appeal_until;
DROP TABLE sms_outbox;
DROP TABLE messages;
