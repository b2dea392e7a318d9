//! Checks that the ports of this run are free before anything starts. A conflict is reported in one
//! line, with the flag that resolves it.

use std::io::ErrorKind;
use std::net::Ipv4Addr;

use tokio::net::TcpListener;

use crate::topology::Port;

/// The default of Linux: ports below this one need root.
const UNPRIVILEGED: u16 = 1024;

/// Holds each port until all have been checked.
///
/// # Errors
/// When a port is given twice, in use, or needs root.
pub(crate) async fn check_ports<'a>(
    ports: impl IntoIterator<Item = &'a Port>,
) -> Result<(), String> {
    let ports: Vec<&Port> = ports.into_iter().collect();
    for (index, port) in ports.iter().enumerate() {
        let mut before = ports[..index].iter();
        if let Some(other) = before.find(|other| other.number == port.number) {
            return Err(given_twice(other, port));
        }
    }
    let mut held = Vec::new();
    for port in ports {
        held.push(listen(port).await?);
    }
    Ok(())
}

/// Listens on the loopback interface only.
///
/// # Errors
/// Names the port, its user and its flag.
pub(crate) async fn listen(port: &Port) -> Result<TcpListener, String> {
    let Port { number, who, flag } = port;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, *number)).await;
    listener.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => format!(
            "port {number}, which {who} needs, is in use: is another demo running? Stop it, or \
             choose another port with {flag}"
        ),
        ErrorKind::PermissionDenied => format!(
            "port {number}, which {who} needs, cannot be used by this user: ports below {} are for root; \
             choose another with {flag}",
            unprivileged()
        ),
        _ => format!(
            "port {number}, which {who} needs, cannot be used ({error}); choose another with {flag}"
        ),
    })
}

fn given_twice(one: &Port, other: &Port) -> String {
    let number = one.number;
    if one.flag == other.flag {
        let (flag, one, other) = (one.flag, &one.who, &other.who);
        return format!(
            "port {number} is given twice with {flag}, for {one} and {other}; each needs its own"
        );
    }
    format!(
        "port {number} is given to both {} ({}) and {} ({}); choose another for one of them",
        one.who, one.flag, other.who, other.flag
    )
}

fn unprivileged() -> u16 {
    let start = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    let start = start.ok().and_then(|start| start.trim().parse().ok());
    start.unwrap_or(UNPRIVILEGED)
}
