//! Tables of several queries, one column each, whose rows are joined by a label.

use serde_json::{Value, json};

use super::panel::Panel;

/// What each query of a table repeats besides its value: the time.
pub(crate) const TIME: &[&str] = &["Time"];

/// The time, and the name of the metric.
pub(crate) const TIME_AND_NAME: &[&str] = &["Time", "__name__"];

impl Panel {
    /// Joins the queries by the label with this title, gives their columns these titles, in the order of
    /// the queries, and hides what each of them repeats.
    pub(crate) fn joined_by<'a>(
        self,
        label: (&str, &str),
        titles: impl IntoIterator<Item = &'a str>,
        repeated: &[&str],
    ) -> Self {
        let by_label = json!({ "byField": label.0, "mode": "outer" });
        self.transform("joinByField", &by_label)
            .transform("organize", &organize(label, titles, repeated))
    }
}

fn organize<'a>(
    (label, title): (&str, &str),
    titles: impl IntoIterator<Item = &'a str>,
    repeated: &[&str],
) -> Value {
    let (mut hidden, mut order, mut names) = (json!({}), json!({}), json!({}));
    order[label] = 0.into();
    names[label] = title.into();
    for field in repeated {
        hidden[*field] = true.into();
    }
    for (index, (title, letter)) in titles.into_iter().zip('A'..).enumerate() {
        let place = index + 1;
        for field in repeated {
            hidden[format!("{field} {place}")] = true.into();
        }
        let value = format!("Value #{letter}");
        order[&value] = place.into();
        names[&value] = title.into();
    }
    json!({ "excludeByName": hidden, "indexByName": order, "renameByName": names })
}
