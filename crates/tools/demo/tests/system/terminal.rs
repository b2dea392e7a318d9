//! The live line on different terminals and widths.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use nix::pty::{Winsize, openpty};
use nix::sys::signal::Signal;
use testkit::eventually;

use crate::demo::{Demo, command, free_ports};

/// A terminal, and everything that was written to it.
struct Terminal {
    slave: OwnedFd,
    written: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Terminal {
    fn of(columns: u16) -> Self {
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pair = openpty(Some(&size), None).expect("a terminal");
        let written = Arc::new(Mutex::new(Vec::new()));
        let (mut master, all) = (std::fs::File::from(pair.master), Arc::clone(&written));
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Fails when the last process that could write is gone.
            while let Ok(count @ 1..) = master.read(&mut buffer) {
                all.lock().expect("no panic").extend(&buffer[..count]);
            }
        });
        Self {
            slave: pair.slave,
            written,
            reader,
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().expect("no panic")).into_owned()
    }

    /// Everything that was written, once no process can write any more.
    async fn all(self) -> String {
        drop(self.slave);
        eventually("the end of what is written", || async {
            self.reader.is_finished().then_some(())
        })
        .await;
        let written = self.written.lock().expect("no panic");
        String::from_utf8_lossy(&written).into_owned()
    }
}

async fn start(terminal: &Terminal, own: &[&str], variables: &[(&str, &str)]) -> Demo {
    let ports = free_ports();
    let mut command = command(&ports);
    let slave = || terminal.slave.try_clone().expect("a descriptor");
    command.args(own).stderr(slave()).stdout(slave());
    command.env("TERM", "xterm").env_remove("NO_COLOR");
    command.envs(variables.iter().copied());
    let child = command.spawn().expect("it starts");
    Demo { child, ports }
}

/// The text drawn on each row; rows end with line breaks.
fn rows(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    text.split('\n').map(str::to_owned).collect()
}

#[tokio::test]
async fn the_live_line_fits_the_terminal_and_has_no_escape_codes() {
    for columns in [40_u16, 80] {
        let terminal = Terminal::of(columns);
        let demo = start(&terminal, &["--stage=4"], &[]).await;
        eventually("three live lines", || async {
            (terminal.text().matches("rolls/s").count() >= 3).then_some(())
        })
        .await;
        demo.stop(Signal::SIGTERM).await;
        let text = terminal.all().await;
        assert!(!text.contains('\u{1b}'), "{text}");
        let drawn = text
            .split(['\r', '\n'])
            .filter(|line| line.contains("rolls/s"));
        for line in drawn {
            assert!(
                line.chars().count() < usize::from(columns),
                "{columns}: {line:?}"
            );
        }
        let rows = rows(&text);
        let with_live_line = rows.iter().filter(|row| row.contains("rolls/s")).count();
        assert_eq!(with_live_line, 1, "a row a second: {rows:#?}");
    }
}

#[tokio::test]
async fn a_dumb_terminal_gets_whole_lines() {
    let terminal = Terminal::of(80);
    let demo = start(&terminal, &["--stage=1"], &[("TERM", "dumb")]).await;
    eventually("a line", || async {
        terminal.text().contains("rolls/s").then_some(())
    })
    .await;
    demo.stop(Signal::SIGTERM).await;
    let rows = rows(&terminal.all().await);
    assert!(
        rows.iter().all(|row| !row.contains(['\r', '\u{1b}'])),
        "{rows:#?}"
    );
}

#[tokio::test]
async fn no_color_means_no_escape_codes() {
    let terminal = Terminal::of(80);
    let flags = ["--stage=1", "--logs", "--log-format=pretty"];
    let demo = start(&terminal, &flags, &[("NO_COLOR", "1")]).await;
    eventually("a line", || async {
        terminal.text().contains("Roll completed").then_some(())
    })
    .await;
    demo.stop(Signal::SIGTERM).await;
    let text = terminal.all().await;
    assert!(
        text.contains("Roll completed") && !text.contains('\u{1b}'),
        "{text}"
    );
}

#[tokio::test]
async fn log_lines_and_the_live_line_have_rows_of_their_own() {
    let terminal = Terminal::of(80);
    let demo = start(&terminal, &["--stage=1", "--logs"], &[]).await;
    eventually("a live line and log lines", || async {
        let text = terminal.text();
        (text.contains("rolls/s") && text.contains("Roll completed")).then_some(())
    })
    .await;
    demo.stop(Signal::SIGTERM).await;
    let rows = rows(&terminal.all().await);
    for row in rows.iter().filter(|row| row.contains("\"timestamp\"")) {
        assert!(row.starts_with('{') && row.ends_with('}'), "{row:?}");
    }
    assert!(
        rows.iter().all(|row| !row.contains('\r')),
        "whole lines only"
    );
}
