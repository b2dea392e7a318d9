//! How the roles read their flags.

/// A flag's value that is a number within bounds.
pub(crate) fn between(text: &str, low: f64, high: f64) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if (low..=high).contains(&value) => Ok(value),
        _ => Err(format!("not a number from {low:?} to {high:?}")),
    }
}
