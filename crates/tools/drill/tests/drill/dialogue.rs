//! The dialogue: hints, questions, and the end of the input.

use std::process::Stdio;
use std::time::Duration;

use testkit::DEADLINE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, ChildStdin};
use tokio::time::timeout;

use crate::{Place, is_over, json};

/// A dialogue with a drill.
struct Dialogue {
    input: ChildStdin,
    output: ChildStderr,
    said: String,
}

impl Dialogue {
    async fn type_line(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.input
            .write_all(line.as_bytes())
            .await
            .expect("it reads");
    }

    /// Waits until it has said `text` since the last time. Returns whether it did before the end.
    async fn hears(&mut self, text: &str) -> bool {
        self.hears_one_of(&[text]).await == Some(0)
    }

    /// Waits until it has said one of `texts`, and returns which.
    async fn hears_one_of(&mut self, texts: &[&str]) -> Option<usize> {
        let read = async {
            loop {
                let places = texts.iter().map(|text| self.said.find(text));
                let first = places
                    .enumerate()
                    .find_map(|(number, at)| Some((number, at?)));
                if let Some((number, at)) = first {
                    self.said.drain(..at + texts[number].len());
                    return Some(number);
                }
                let mut bytes = [0; 1024];
                match self.output.read(&mut bytes).await {
                    Ok(count @ 1..) => self.said += &String::from_utf8_lossy(&bytes[..count]),
                    _ => return None,
                }
            }
        };
        timeout(DEADLINE, read).await.ok()?
    }
}

#[tokio::test]
async fn a_learner_asks_and_answers() {
    let place = Place::new();
    let mut command = place.command(&["--fault=failing-dice-roller", "--delay=0s", "--json"]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
    let mut dialogue = Dialogue {
        input: child.stdin.take().expect("piped"),
        output: child.stderr.take().expect("piped"),
        said: String::new(),
    };
    assert!(dialogue.hears("A drill in stage 4").await);
    assert!(!dialogue.said.contains("failing-dice-roller"), "a secret");
    dialogue.type_line("help").await;
    assert!(dialogue.hears("Type hint, answer or quit.").await);
    for number in 1..=3 {
        dialogue.type_line("hint").await;
        assert!(dialogue.hears(&format!("Hint {number} of 3")).await);
    }
    dialogue.type_line("hint").await;
    assert!(dialogue.hears("no more hints").await);
    dialogue.type_line("answer").await;
    assert!(dialogue.hears("Too early to tell").await);
    answers(&mut dialogue).await;
    let output = child.wait_with_output().await.expect("it ends");
    let report = json(&output);
    // 40 + 30 + 30, and three hints.
    assert_eq!(report["score"]["total"], 70, "{report:#}");
    assert!(is_over(&place.flags()));
}

/// Answers as soon as that is allowed.
async fn answers(dialogue: &mut Dialogue) {
    loop {
        dialogue.type_line("answer").await;
        let reply = dialogue
            .hears_one_of(&["Which service?", "Too early"])
            .await;
        match reply.expect("a reply") {
            0 => break,
            // It says how long that takes, so this is no guess.
            _ => tokio::time::sleep(Duration::from_millis(300)).await,
        }
    }
    dialogue.type_line("the roller").await;
    assert!(dialogue.hears("there is no service \"roller\"").await);
    dialogue.type_line("dice-roller").await;
    assert!(dialogue.hears("What kind?").await);
    dialogue.type_line("errors").await;
    assert!(dialogue.hears("Since when").await);
    dialogue.type_line("just now").await;
    assert!(dialogue.hears("expected a time of day").await);
    dialogue.type_line("5s ago").await;
}

#[tokio::test]
async fn quitting_and_the_end_of_input_reveal_the_fault() {
    for line in ["quit\n", ""] {
        let place = Place::new();
        let mut child = place.begun(faults::Fault::LogFlood).await;
        let mut input = child.stdin.take().expect("piped");
        input.write_all(line.as_bytes()).await.expect("it reads");
        drop(input);
        let output = child.wait_with_output().await.expect("it ends");
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            text.contains("It was log-flood: telemetry of frontend"),
            "{text}"
        );
        assert!(text.contains("No answer, no points."), "{text}");
        assert!(is_over(&place.flags()));
    }
}

#[tokio::test]
async fn a_fault_that_had_not_begun_is_not_revealed() {
    let place = Place::new();
    let output = place.run(&["--fault=log-flood", "--delay=1h"]).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("Nothing had broken yet."), "{text}");
    assert!(is_over(&place.flags()));
}
