//! Databases, schema, clock, ids and the encryption of personal data.
