//! Ports are free, distinct, and below those of connections.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use free_port::free_port;

#[test]
fn many_threads_get_distinct_ports_that_no_connection_uses() {
    let threads: Vec<_> = (0..8)
        .map(|_| thread::spawn(|| (0..50).map(|_| free_port().expect("a port")).collect()))
        .collect();
    let ports: Vec<Vec<u16>> = threads
        .into_iter()
        .map(|thread| thread.join().expect("no panic"))
        .collect();
    let ports = ports.concat();
    let distinct: BTreeSet<&u16> = ports.iter().collect();
    assert_eq!(distinct.len(), 400);
    assert!(
        ports.iter().all(|port| (10_000..32_768).contains(port)),
        "{ports:?}"
    );
    for port in ports {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("still free");
    }
}
