DROP TABLE refund_rules;
