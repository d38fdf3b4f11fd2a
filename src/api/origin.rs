//! Which names this server answers to, and which pages may write to it. Pure.

/// The names that always mean this machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The names under which the server may be reached: loopback and what was configured. Against DNS rebinding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    /// The names of loopback and these; an entry with a port (`localhost:5173`) also admits pages from there.
    pub fn new(others: &[String]) -> Self {
        let others = others.iter().map(|name| match name.trim().parse::<std::net::Ipv6Addr>() {
            // In an address it stands in brackets.
            Ok(address) => format!("[{address}]"),
            Err(_) => name.trim().to_ascii_lowercase(),
        });
        Self(LOOPBACK.iter().map(|name| (*name).to_owned()).chain(others).filter(|name| !name.is_empty()).collect())
    }

    /// Whether a `Host` header names this server.
    pub fn admit_host(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.0.iter().any(|name| *name == host || name == without_port(&host))
    }

    /// Whether a page of this `Origin` may write to the server that was reached as `host`: it came from that server,
    /// or from an origin that was configured with its port.
    pub fn admit_origin(&self, origin: &str, host: &str) -> bool {
        let origin = origin.to_ascii_lowercase();
        let Some(authority) = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) else {
            return false;
        };
        authority == host.to_ascii_lowercase()
            || without_port(authority) != authority && self.0.iter().any(|name| name == authority)
    }
}

/// `host:port` without the port; an IPv6 address keeps its brackets.
fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_known_with_and_without_port() {
        let names = Names::new(&[]);
        for host in ["localhost", "LOCALHOST:7717", "127.0.0.1:1", "[::1]", "[::1]:7717"] {
            assert!(names.admit_host(host), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example", "127.0.0.1.nip.io:7717", "[::2]", "evil:localhost"] {
            assert!(!names.admit_host(host), "{host}");
        }
    }

    #[test]
    fn other_names_are_those_that_were_configured() {
        let names = Names::new(&["Desk.Local".into()]);
        assert!(names.admit_host("desk.local:7717"));
        assert!(!names.admit_host("desk2.local"));
        assert!(Names::new(&["FD00::1".into()]).admit_host("[fd00::1]:7717"));
    }

    #[test]
    fn a_page_writes_only_to_the_server_it_came_from() {
        let names = Names::new(&["localhost:5173".into()]);
        assert!(names.admit_origin("http://127.0.0.1:7717", "127.0.0.1:7717"));
        assert!(names.admit_origin("https://desk.local", "desk.local"));
        assert!(names.admit_origin("http://localhost:5173", "127.0.0.1:7717"), "configured with its port");
        for foreign in
            ["null", "", "http://evil.example", "http://127.0.0.1:3000", "http://localhost", "file://127.0.0.1:7717"]
        {
            assert!(!names.admit_origin(foreign, "127.0.0.1:7717"), "{foreign}");
        }
    }
}
