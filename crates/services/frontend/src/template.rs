//! Text with holes. What is filled in is never looked at again: a die called `{{links}}` is only
//! a die with a strange name.

/// `template` with each `{{name}}` replaced by its value. Values are HTML; text goes through
/// [`escape`] first.
///
/// # Panics
/// When the template has a hole that no value is for, which any test of the page finds.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut parts = template.split("{{");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").expect("holes are closed");
        let value = values.iter().find(|(of, _)| *of == name);
        let (_, value) = value.unwrap_or_else(|| panic!("no value for {name}"));
        filled.push_str(value);
        filled.push_str(rest);
    }
    filled
}

/// Text as it may stand between tags and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_templates() {
        let values = [("a", "{{b}}"), ("b", "{{a}}")];
        assert_eq!(fill("<{{a}}> {{b}}{{a}}", &values), "<{{b}}> {{a}}{{b}}");
    }

    #[test]
    fn text_cannot_leave_its_place() {
        let escaped = escape("\"'><script>&amp;");
        assert_eq!(escaped, "&quot;&#39;&gt;&lt;script&gt;&amp;amp;");
    }
}
