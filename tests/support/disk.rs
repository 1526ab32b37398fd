//! A small disk for a test, which can be filled and made read-only. Mounting needs root, as in CI.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A tmpfs of limited size. It is unmounted when this is dropped.
pub struct SmallDisk(TempDir);

impl SmallDisk {
    pub fn of(megabytes: u32) -> SmallDisk {
        let folder = tempfile::tempdir().expect("a folder to mount at");
        let size = format!("size={megabytes}m");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "kaozheng-test"]).arg(folder.path()));
        SmallDisk(folder)
    }

    /// The mount point.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills the disk with one file.
    pub fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = File::create(&path).expect("a file");
        for size in [64 * 1024, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
        path
    }

    /// Remounts it read-only. Root cannot write either.
    pub fn make_read_only(&self) {
        self.remount("ro");
    }

    /// Remounts it writable.
    pub fn make_writable(&self) {
        self.remount("rw");
    }

    fn remount(&self, how: &str) {
        run(Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(self.path()));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run(Command::new("umount").arg("--lazy").arg(self.path()));
    }
}

fn run(command: &mut Command) {
    let status = command.status().expect("mount and umount");
    assert!(status.success(), "{command:?} failed: this test needs root and a mount namespace");
}
