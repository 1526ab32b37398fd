//! Personal information by law (个人信息保护法): consents, one's own data, deletion, retention.

mod consent;
mod deletion;
mod own_data;
mod retention;
