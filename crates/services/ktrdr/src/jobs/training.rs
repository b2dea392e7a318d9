//! A training: logistic regression, fitted to seeded data by gradient descent.
//!
//! Each row has normally distributed features, and its label is drawn from a hidden model of the
//! symbol and seed, so the model can learn, but not perfectly.

use rand::RngExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::market::{Normals, Symbol};
use super::{Mistake, within};
use crate::schema::Number;

const ROWS: usize = CHUNKS * CHUNK;

/// Rows are kept in chunks of 66 KB, which the allocator returns to the system after the fit; it
/// would keep one large block for the next fit.
const CHUNKS: usize = 20;
const CHUNK: usize = 500;

const FEATURES: usize = 32;

/// A fit whose loss exceeds that of an untrained model by this factor has diverged.
const DIVERGED: f64 = 2.0;

/// Added to the seed, so that a training and a backtest with the same seed are independent.
const STREAM: u64 = 1 << 60;

/// The parameters of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TrainingParameters)]
pub struct Parameters {
    /// The symbol that the data belongs to.
    pub symbol: Symbol,
    /// Passes over the data, 100 to 10000.
    #[serde(default = "default_epochs")]
    #[schema(minimum = 100, maximum = 10_000)]
    pub epochs: u32,
    /// The step size, 0.001 to 1000; the fit diverges from about 100 on.
    #[serde(default = "default_learning_rate")]
    #[schema(minimum = 0.001, maximum = 1000.0)]
    pub learning_rate: f64,
    /// The seed of the data; random if absent.
    #[serde(default = "rand::random")]
    #[schema(value_type = Number)]
    pub seed: u32,
}

fn default_epochs() -> u32 {
    1_000
}

fn default_learning_rate() -> f64 {
    0.5
}

impl Parameters {
    pub(super) fn check(&self) -> Result<(), Mistake> {
        within("epochs", self.epochs, 100..=10_000)?;
        within("learning_rate", self.learning_rate, 0.001..=1000.0)
    }
}

/// A running training.
#[derive(Debug)]
pub(super) struct Training {
    rows: Vec<Vec<Row>>,
    weights: [f32; FEATURES],
    learning_rate: f64,
    epoch: u32,
    /// Mean logarithmic loss, and share of correctly classified rows, before the last step.
    loss: f64,
    accuracy: f64,
}

#[derive(Debug)]
struct Row {
    features: [f32; FEATURES],
    /// 1 or 0.
    label: f32,
}

impl Training {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let seed = u64::from(parameters.seed) << 8 | parameters.symbol as u64;
        let mut normals = Normals::new(STREAM + seed);
        let hidden = features(&mut normals);
        let mut chunk = || (0..CHUNK).map(|_| row(&mut normals, &hidden)).collect();
        let rows = (0..CHUNKS).map(|_| chunk()).collect();
        Self {
            rows,
            weights: [0.0; FEATURES],
            learning_rate: parameters.learning_rate,
            epoch: 0,
            loss: f64::NAN,
            accuracy: f64::NAN,
        }
    }

    /// Runs one step of gradient descent over all rows; an error if the fit diverges.
    pub(super) fn epoch(&mut self) -> Result<(), String> {
        self.epoch += 1;
        let mut gradient = [0.0; FEATURES];
        let (mut loss, mut right) = (0.0, 0);
        for row in self.rows.iter().flatten() {
            let margin = dot(&self.weights, &row.features);
            let error = sigmoid(margin) - row.label;
            for (sum, feature) in gradient.iter_mut().zip(&row.features) {
                *sum += error * feature;
            }
            loss += f64::from(log_loss(margin, row.label));
            right += usize::from((margin > 0.0) == (row.label > 0.5));
        }
        self.loss = loss / ROWS as f64;
        self.accuracy = right as f64 / ROWS as f64;
        let step = (self.learning_rate / ROWS as f64) as f32;
        for (weight, sum) in self.weights.iter_mut().zip(&gradient) {
            *weight -= step * sum;
        }
        if self.loss.is_finite() && self.loss < DIVERGED * std::f64::consts::LN_2 {
            return Ok(());
        }
        let (loss, epoch) = (self.loss, self.epoch);
        Err(format!(
            "the fit diverged: loss {loss:.2} in epoch {epoch}; lower the learning_rate"
        ))
    }

    pub(super) fn result(&self) -> Value {
        json!({
            "rows": ROWS,
            "features": FEATURES,
            "loss": self.loss,
            "accuracy": self.accuracy,
        })
    }
}

fn features(normals: &mut Normals) -> [f32; FEATURES] {
    std::array::from_fn(|_| normals.draw() as f32)
}

fn row(normals: &mut Normals, hidden: &[f32; FEATURES]) -> Row {
    let features = features(normals);
    let chance = sigmoid(dot(hidden, &features));
    let label = normals.random.random_bool(f64::from(chance));
    Row {
        features,
        label: f32::from(u8::from(label)),
    }
}

fn dot(a: &[f32; FEATURES], b: &[f32; FEATURES]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn sigmoid(margin: f32) -> f32 {
    1.0 / (1.0 + (-margin).exp())
}

/// The negative logarithm of the probability of the label, without overflow.
fn log_loss(margin: f32, label: f32) -> f32 {
    margin.max(0.0) - margin * label + (-margin.abs()).exp().ln_1p()
}
