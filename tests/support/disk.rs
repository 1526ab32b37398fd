//! A disk of its own for a test, which can be filled and made read-only. Needs root, as in CI.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A small file system in memory; it is unmounted when this is dropped.
pub struct SmallDisk(TempDir);

impl SmallDisk {
    /// A disk of so many megabytes.
    pub fn of(megabytes: u32) -> SmallDisk {
        let folder = tempfile::tempdir().expect("a folder to mount at");
        let size = format!("size={megabytes}m");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "kaozheng-test"]).arg(folder.path()));
        SmallDisk(folder)
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file until not one byte more fits.
    pub fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = File::create(&path).expect("a file");
        for size in [64 * 1024, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
        path
    }

    /// Nothing can be written any more, not by root either.
    pub fn make_read_only(&self) {
        self.remount("ro");
    }

    /// It can be written again.
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
