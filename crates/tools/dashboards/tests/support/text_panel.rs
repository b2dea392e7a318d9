//! Whether a text panel's Markdown fits at 1280 pixels.

use serde_json::Value;

use super::board::text;
use super::inter::width;
use super::picture::size;

/// Height of a line, and of the gap between two paragraphs, in pixels.
const LINE: f64 = 22.0;
const GAP: f64 = 10.0;

/// Width of a character in code, which does not wrap, in pixels.
const CODE: f64 = 8.0;

/// The parts that are cut off.
pub(crate) fn check(panel: &Value) -> Vec<String> {
    let (across, down) = size(panel);
    let across = across - 40.0;
    let mut problems = Vec::new();
    let (mut height, mut in_block) = (50.0, false);
    for line in text(&panel["options"], "content").lines() {
        if line.starts_with("```") {
            in_block = !in_block;
            continue;
        }
        let code = match in_block {
            true => vec![line],
            false => line.split('`').skip(1).step_by(2).collect(),
        };
        for code in code {
            if CODE * code.chars().count() as f64 > across {
                problems.push(format!("text-code: {code:?} does not wrap and is cut off"));
            }
        }
        height += match (line.is_empty(), in_block) {
            (true, _) => GAP,
            (_, true) => LINE,
            (..) => LINE * (width(&shown(line), 14.0) * 1.05 / across).ceil(),
        };
    }
    if height > down {
        problems.push(format!(
            "text-height: {height:.0} px of text in {down:.0} px"
        ));
    }
    problems
}

/// A line without its markup and link addresses.
fn shown(line: &str) -> String {
    let mut parts = line.split("](");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.split_once(')').map_or("", |(_, after)| after));
    let text = rest.fold(first, |text, part| text + part);
    text.replace(['*', '`', '['], "")
}
