//! Stored files and a new data key.

use tokio::task::spawn_blocking;

use super::quarantine::key_of;
use super::storage::{Storage, StorageError, context, parse};
use crate::store::vault::Unreadable;

impl Storage {
    /// Seals a file with the newest data key. Returns `false` if it is sealed with it already. `path` is a key, or where
    /// the file of a key is in quarantine.
    pub async fn reseal(&self, path: &str) -> Result<bool, StorageError> {
        let place = parse(path)?;
        // An empty object has no first byte, which is an error; it is damaged, as `get` shows.
        if self.objects.first_byte(&place).await.ok().flatten() == Some(self.vault.generation()) {
            return Ok(false);
        }
        let sealed = self.objects.get(&place).await?;
        let (vault, context) = (self.vault.clone(), context(key_of(path)));
        let resealed = spawn_blocking(move || {
            let opened = vault.open_bytes(&context, sealed)?;
            Ok::<_, Unreadable>(vault.seal_bytes(&context, opened))
        });
        self.objects.put(&place, resealed.await??).await.map_err(StorageError::NotSaved)?;
        Ok(true)
    }
}
