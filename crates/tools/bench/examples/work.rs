//! A server for the bench's own test: it answers every request after so many steps of work, its first
//! argument, with an error if there is a second. It has one thread and takes one connection.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    let steps = std::env::args().nth(1).and_then(|it| it.parse().ok());
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    println!(r#"{{"message":"Listening","address":"{address}"}}"#);
    let (mut stream, _) = listener.accept()?;
    let status = if std::env::args().len() > 2 {
        "404 Not Found"
    } else {
        "200 OK"
    };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}");
    let requests = BufReader::new(stream.try_clone()?).lines();
    for line in requests {
        if line?.is_empty() {
            work(steps.unwrap_or_default());
            stream.write_all(answer.as_bytes())?;
        }
    }
    Ok(())
}

fn work(steps: u64) {
    let mut step = 0;
    while step < steps {
        step = black_box(step + 1);
    }
}
