DROP TABLE batch_results;
DROP TABLE batch_rows;
DROP TABLE batches;
