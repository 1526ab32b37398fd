//! The upload folder: write check, permissions and free space.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::storage::Storage;
use crate::store::file::restrict_to_owner;

impl Storage {
    /// Writes a byte to an unnamed file on the disk of the uploads.
    ///
    /// # Errors
    /// The folder is missing, full or read-only.
    pub fn check_writable(&self) -> io::Result<()> {
        let uploads = self.root().join("uploads");
        let folder = if uploads.is_dir() { uploads.as_path() } else { self.root() };
        let mut probe = tempfile::tempfile_in(folder)?;
        probe.write_all(b"x")?;
        probe.sync_all()
    }

    /// Removes the permissions of group and others from the folder and its uploads. Returns the number of
    /// changed files and folders. Leaves other entries of the folder alone.
    pub fn restrict_permissions(&self) -> io::Result<usize> {
        let mut changed = usize::from(restrict_to_owner(self.root())?);
        for folder in Storage::FOLDERS.map(|folder| self.root().join(folder)) {
            if folder.is_dir() {
                changed += restrict_permissions(&folder)?;
            }
        }
        Ok(changed)
    }
}

fn restrict_permissions(folder: &Path) -> io::Result<usize> {
    let mut changed = usize::from(restrict_to_owner(folder)?);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            changed += restrict_permissions(&entry.path())?;
        } else if kind.is_file() {
            changed += usize::from(restrict_to_owner(&entry.path())?);
        }
    }
    Ok(changed)
}

/// Free bytes on the disk of a folder.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::store::Vault;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn permissions_of_others_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("files");
        let day = root.join("uploads/2026-11-23");
        fs::create_dir_all(&day).unwrap();
        fs::write(day.join("a"), b"x").unwrap();
        for (path, mode) in
            [(&root, 0o755), (&root.join("uploads"), 0o750), (&day, 0o700), (&day.join("a"), 0o644)]
        {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let storage = Storage::local(&root, Vault::from_key(&[7; 32])).unwrap();
        assert_eq!(storage.restrict_permissions().unwrap(), 3);
        assert_eq!((mode(&root), mode(&day), mode(&day.join("a"))), (0o700, 0o700, 0o600));
        assert_eq!(storage.restrict_permissions().unwrap(), 0);
    }
}
