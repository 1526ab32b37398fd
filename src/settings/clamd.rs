//! The address of the virus scanner.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where clamd listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClamdAddress {
    /// Host and port.
    Tcp(String),
    /// The path of a socket.
    Unix(PathBuf),
}

impl FromStr for ClamdAddress {
    type Err = ();

    fn from_str(text: &str) -> Result<ClamdAddress, ()> {
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.starts_with('/') { Ok(ClamdAddress::Unix(path.into())) } else { Err(()) };
        }
        let address = text.strip_prefix("tcp://").ok_or(())?;
        let (host, port) = address.rsplit_once(':').ok_or(())?;
        let is_valid = !host.is_empty() && port.parse::<u16>().is_ok();
        if is_valid { Ok(ClamdAddress::Tcp(address.to_owned())) } else { Err(()) }
    }
}

impl fmt::Display for ClamdAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClamdAddress::Tcp(address) => write!(f, "tcp://{address}"),
            ClamdAddress::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_clamd_are_read_back_as_written() {
        for address in ["tcp://127.0.0.1:3310", "tcp://[::1]:3310", "unix:/run/clamav/clamd.ctl"] {
            assert_eq!(address.parse::<ClamdAddress>().unwrap().to_string(), address);
        }
        for wrong in ["127.0.0.1:3310", "tcp://clamd", "tcp://:3310", "tcp://clamd:x", "unix:clamd.ctl", ""] {
            assert!(wrong.parse::<ClamdAddress>().is_err(), "{wrong}");
        }
    }
}
