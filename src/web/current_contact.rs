//! The office's contact as this process shows it. Pages do not ask the database for it, so that error pages have it
//! too.

use std::sync::{Arc, PoisonError, RwLock};

use crate::settings::Contact;

#[derive(Clone)]
pub struct CurrentContact(Arc<RwLock<Arc<Contact>>>);

impl CurrentContact {
    pub fn new(contact: Contact) -> CurrentContact {
        CurrentContact(Arc::new(RwLock::new(Arc::new(contact))))
    }

    pub fn get(&self) -> Arc<Contact> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set(&self, contact: Contact) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(contact);
    }
}
