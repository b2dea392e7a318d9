//! Ports of 127.0.0.1 for programs that must be told one, such as PostgreSQL or Prometheus.
//!
//! A program that can listen on port 0 should do that. The others need a port that is free now and
//! still free when they open it. A port that the system chose for port 0 is not: once closed, it
//! may become the local port of any connection on the machine.
//!
//! [`free_port`] therefore returns ports below the range that Linux uses for connections
//! (`net.ipv4.ip_local_port_range`, 32768 to 60999 by default), and no two processes that use it
//! get the same one.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::Mutex;

/// Above the ports of well-known services and of this project, below those of connections.
const FIRST: u16 = 10_000;
const LAST: u16 = 32_767;

/// The ports of this process. A socket whose name contains the port reserves it: only one process
/// can bind the name, and it is free again when that process ends, however it ends.
static RESERVED: Mutex<Vec<UnixListener>> = Mutex::new(Vec::new());

/// Returns a port of 127.0.0.1 on which no program listens. As long as this process lives, no other
/// call in any process returns it.
///
/// # Errors
/// If all ports from 10000 to 32767 are in use or reserved.
///
/// # Panics
/// If another thread panicked during a call.
pub fn free_port() -> io::Result<u16> {
    let count = LAST - FIRST + 1;
    let start = rand::random_range(0..count);
    let mut candidates = (0..count).map(|step| FIRST + (start + step) % count);
    let found = candidates.find_map(|port| {
        let reservation = reserve(port).ok()?;
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
        Some((port, reservation))
    });
    let (port, reservation) = found.ok_or(io::ErrorKind::AddrInUse)?;
    RESERVED
        .lock()
        .expect("no call panics with the lock")
        .push(reservation);
    Ok(port)
}

/// The name is in Linux's abstract namespace: there is no file.
fn reserve(port: u16) -> io::Result<UnixListener> {
    let name = SocketAddr::from_abstract_name(format!("dice-roller-port-{port}"))?;
    UnixListener::bind_addr(&name)
}
