//! Who is signed in, and the form to change that.

use crate::session::Name;
use crate::template::{escape, fill};

/// The form for signing in, or out. `problem` says why nobody could be signed in.
pub(super) fn render(name: Option<&Name>, problem: Option<&str>) -> String {
    match (name, problem) {
        (Some(name), None) => fill(
            include_str!("sign_out.html"),
            &[("name", &escape(name.as_str()))],
        ),
        (_, None) => sign_in("aria-describedby=\"name-note\"", ""),
        (_, Some(problem)) => sign_in(
            "aria-describedby=\"name-problem name-note\" aria-invalid=\"true\"",
            &format!(
                "<p id=\"name-problem\" class=\"problem\" role=\"alert\">Not signed in: {}.</p>",
                escape(problem)
            ),
        ),
    }
}

fn sign_in(state: &str, problem: &str) -> String {
    fill(
        include_str!("sign_in.html"),
        &[("state", state), ("problem", problem)],
    )
}
