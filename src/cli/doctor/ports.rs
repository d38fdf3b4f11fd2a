//! The address that the server listens on: whether it is free, and who holds it as far as this user may see.

use std::{
    fs, io,
    net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs as _},
    path::Path,
};

use super::{Patient, finding::Finding};

const AREA: &str = "ports";

/// Looks at it.
pub fn look(patient: &Patient<'_>) -> Vec<Finding> {
    let server = &patient.loaded.settings.server;
    let (host, port) = (server.host.as_str(), server.port);
    let addresses: Vec<SocketAddr> = match (host, port).to_socket_addrs() {
        Ok(addresses) => addresses.collect(),
        Err(error) => {
            let found = format!("`{host}` is no address of this machine: {error}");
            return vec![
                Finding::problem(AREA, found, "the server does not start").todo("reenact serve --host 127.0.0.1"),
            ];
        }
    };
    let mut findings = vec![state(patient, &addresses, port)];
    findings.extend(addresses.iter().any(|address| !address.ip().is_loopback()).then(|| open_to_others(host)));
    findings
}

fn state(patient: &Patient<'_>, addresses: &[SocketAddr], port: u16) -> Finding {
    let own = patient.base().and_then(|base| base.rsplit(':').next()?.parse::<u16>().ok());
    if let (Some(base), Some(own)) = (patient.base(), own)
        && (own == port || port == 0)
    {
        return Finding::ok(AREA, format!("the server of this data folder listens on {base}"));
    }
    if port == 0 {
        return Finding::ok(AREA, "the server takes a free port");
    }
    match TcpListener::bind(addresses) {
        Ok(_free) => Finding::ok(AREA, format!("port {port} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => taken(port),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Finding::problem(AREA, format!("port {port}: {error}"), "ports below 1024 need rights")
                .todo("reenact serve --port 7717")
        }
        Err(error) => {
            let found = format!("port {port} cannot be listened on: {error}");
            Finding::problem(AREA, found, "the server does not start").todo("reenact serve --host 127.0.0.1")
        }
    }
}

fn taken(port: u16) -> Finding {
    let means = "the server does not start on it";
    match holder(port) {
        Some((pid, name)) => Finding::problem(AREA, format!("port {port} is held by process {pid} ({name})"), means)
            .todo(format!("kill {pid}, or reenact serve --port 0 for a free one")),
        None => Finding::problem(AREA, format!("port {port} is held by a process of somebody else"), means)
            .todo(format!("reenact serve --port 0 for a free one; who holds it: sudo ss -ltnp 'sport = :{port}'")),
    }
}

fn open_to_others(host: &str) -> Finding {
    let means = "others on the network reach it, and the key goes over the wire as it is";
    Finding::note(AREA, format!("the server listens on {host}, which is no loopback address"), means)
        .todo("put a proxy with TLS in front of it, and keep --host at 127.0.0.1: docs/operations.md")
}

/// The process that listens on a port, and its name. Only processes of this user can be seen, or all for root.
fn holder(port: u16) -> Option<(u32, String)> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    let sockets: Vec<String> =
        tables.iter().flat_map(|table| listening(table, port)).map(|inode| format!("socket:[{inode}]")).collect();
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut numbered =
        processes.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())));
    let holds = |process: &Path| {
        let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        let mut links = files.filter_map(|file| fs::read_link(file.path()).ok());
        links.any(|link| sockets.iter().any(|socket| link == Path::new(socket)))
    };
    let (pid, path) = numbered.find(|(_, path)| holds(path))?;
    let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
    Some((pid, name.trim().to_owned()))
}

/// The sockets that listen on a port, in a table of the kernel's, see `proc_net(5)`.
fn listening(table: &str, port: u16) -> Vec<u64> {
    const LISTEN: &str = "0A";
    let inode = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let local = u16::from_str_radix(fields.get(1)?.rsplit(':').next()?, 16).ok()?;
        (local == port && *fields.get(3)? == LISTEN).then(|| fields.get(9)?.parse().ok())?
    };
    table.lines().skip(1).filter_map(inode).collect()
}

/// Whether a host is this machine's own, as far as its name says.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_socket_is_found_in_the_kernels_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:1E25 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0\n\
            1: 0100007F:1E25 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0\n";
        assert_eq!(listening(table, 7717), [4711]);
        assert_eq!(listening(table, 80), [0; 0]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn who_holds_a_port_is_found() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let (pid, _) = holder(taken.local_addr().unwrap().port()).unwrap();
        assert_eq!(pid, std::process::id());
    }
}
