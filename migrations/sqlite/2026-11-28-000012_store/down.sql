DROP INDEX attachments_storage_key;
DROP TABLE files_to_delete;
