//! Parses a `postgres://` address as libpq does.
//!
//! Errors never contain the address, because it may contain a password.

use std::net::IpAddr;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Default port.
const PORT: &str = "5432";

#[derive(Debug, PartialEq)]
pub(super) struct Address {
    /// Name and password, percent-encoded.
    user: Option<String>,
    /// In the order in which they are tried. Empty: libpq chooses.
    pub(super) hosts: Vec<Host>,
    /// Percent-encoded.
    database: String,
    /// Parameters that [`Address::take`] has not removed.
    params: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Host {
    /// A host name, an IP address or the folder of a Unix socket.
    pub(super) name: String,
    /// The TCP port, which is also part of a Unix socket's name.
    pub(super) port: u16,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Address, String> {
        let (_, rest) = url.split_once("://").ok_or("it does not begin with postgres://")?;
        let (user, rest) = match rest.find(['@', '/']) {
            Some(at) if rest.as_bytes()[at] == b'@' => (Some(rest[..at].to_owned()), &rest[at + 1..]),
            _ => (None, rest),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, database) = rest.split_once('/').unwrap_or((rest, ""));
        let mut params = parameters(query)?;
        let (mut names, mut ports) = authority(hosts)?;
        if let Some(listed) = take(&mut params, "host") {
            names = listed.split(',').map(str::to_owned).collect();
        }
        if let Some(listed) = take(&mut params, "port") {
            ports = listed.split(',').map(str::to_owned).collect();
        }
        let hosts = pair(names, &ports)?;
        Ok(Address { user, hosts, database: database.to_owned(), params })
    }

    /// Removes a parameter and returns its value.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        take(&mut self.params, name)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.params.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.params.iter().map(|(key, _)| key.as_str())
    }

    /// Sets a parameter unless the address has it.
    pub(super) fn default(&mut self, name: &str, value: &str) {
        if self.get(name).is_none() {
            self.params.push((name.to_owned(), value.to_owned()));
        }
    }

    /// The address as text for libpq.
    pub(super) fn url(&self) -> String {
        let user = self.user.as_ref().map_or(String::new(), |user| format!("{user}@"));
        let list = |of: fn(&Host) -> String| self.hosts.iter().map(of).collect::<Vec<_>>().join(",");
        let mut params = self.params.clone();
        if !self.hosts.is_empty() {
            params.push(("host".to_owned(), list(|host| host.name.clone())));
            params.push(("port".to_owned(), list(|host| host.port.to_string())));
        }
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let query: Vec<_> = params.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        format!("postgres://{user}/{}?{}", self.database, query.join("&"))
    }
}

impl Host {
    pub(super) fn is_socket(&self) -> bool {
        self.name.is_empty() || self.name.starts_with(['/', '@'])
    }

    /// Whether the connection stays on this machine.
    pub(super) fn is_local(&self) -> bool {
        let loopback = self.name.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        self.is_socket() || loopback || self.name == "localhost"
    }
}

fn decode(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| "it is not UTF-8")?;
    Ok(decoded.into_owned())
}

fn parameters(query: &str) -> Result<Vec<(String, String)>, String> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or("a parameter has no value")?;
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

/// If the parameter is repeated, its last value counts.
fn take(params: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    params.extract_if(.., |(key, _)| key == name).last().map(|(_, value)| value)
}

/// Names and ports of `host:port,[::1]:port,…`.
fn authority(hosts: &str) -> Result<(Vec<String>, Vec<String>), String> {
    if hosts.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let split = |host: &str| -> Result<(String, String), String> {
        let (name, port) = match host.strip_prefix('[').map(|rest| rest.split_once(']')) {
            Some(Some((name, rest))) => (name, rest.strip_prefix(':').unwrap_or_default()),
            Some(None) => return Err("an IPv6 address has no end".to_owned()),
            None => host.split_once(':').unwrap_or((host, "")),
        };
        Ok((decode(name)?, decode(port)?))
    };
    let pairs: Result<Vec<_>, _> = hosts.split(',').map(split).collect();
    Ok(pairs?.into_iter().unzip())
}

/// A single port is for all hosts, as in libpq.
fn pair(names: Vec<String>, ports: &[String]) -> Result<Vec<Host>, String> {
    if names.is_empty() && !ports.is_empty() {
        return pair(vec![String::new()], ports);
    }
    if ports.len() > 1 && ports.len() != names.len() {
        return Err("it has not as many ports as hosts".to_owned());
    }
    let port_of = |at: usize| ports.get(at).or(ports.first()).filter(|port| !port.is_empty());
    let host = |(at, name)| {
        let port = port_of(at).map_or(PORT, String::as_str);
        let port = port.parse().map_err(|_| "a port is not a number up to 65535")?;
        Ok(Host { name, port })
    };
    names.into_iter().enumerate().map(host).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(url: &str) -> Vec<(String, u16)> {
        let address = Address::parse(url).expect("an address");
        address.hosts.into_iter().map(|host| (host.name, host.port)).collect()
    }

    fn host(name: &str, port: u16) -> (String, u16) {
        (name.to_owned(), port)
    }

    #[test]
    fn hosts_are_read_from_the_authority_and_the_parameters() {
        assert_eq!(hosts("postgres://u:p%40@db/exam"), [host("db", 5432)]);
        assert_eq!(hosts("postgresql://db:6000"), [host("db", 6000)]);
        assert_eq!(
            hosts("postgres://u@a:1,b:2/exam?target_session_attrs=read-write"),
            [host("a", 1), host("b", 2)]
        );
        assert_eq!(hosts("postgres://[::1]:7/exam"), [host("::1", 7)]);
        assert_eq!(hosts("postgres://%2Frun%2Fpg/exam"), [host("/run/pg", 5432)]);
        assert_eq!(hosts("postgres:///exam?host=/run/pg&port=7"), [host("/run/pg", 7)]);
        assert_eq!(hosts("postgres:///exam?port=7"), [host("", 7)]);
        assert_eq!(hosts("postgres:///exam?host=a,b&port=7"), [host("a", 7), host("b", 7)]);
        assert_eq!(hosts("postgres:///exam"), []);
    }

    #[test]
    fn rebuilt_address_is_equal() {
        for url in [
            "postgres://u:p%40%2F@a:1,b:2/exam?application_name=a%20b",
            "postgres:///exam?host=/run/pg",
            "postgres://",
        ] {
            let address = Address::parse(url).expect("an address");
            let again = Address::parse(&address.url()).expect("an address");
            assert_eq!(address.hosts, again.hosts);
            assert_eq!((&address.user, &address.params), (&again.user, &again.params));
        }
    }

    #[test]
    fn errors_do_not_contain_the_password() {
        for url in [
            "postgres://u:secret@db:port/x",
            "postgres://u:secret@[::1/x",
            "postgres://u:secret@db/x?y",
            "postgres://u:secret@db/?a=%ff",
        ] {
            let error = Address::parse(url).expect_err("no address");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
