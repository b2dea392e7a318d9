//! The page, as text: a form that works without JavaScript.

/// The page with a drop-down of `dice`.
pub(crate) fn render(dice: &[String]) -> String {
    let options: String = dice
        .iter()
        .map(|die| format!("<option>{}</option>", escape(die)))
        .collect();
    include_str!("page.html").replace("{options}", &options)
}

/// Text as it may stand between tags and in attributes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
