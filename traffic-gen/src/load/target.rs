//! The targets of a load run and their weights.

use std::str::FromStr;

use rand::RngExt;
use telemetry::client::http_url;
use url::{Position, Url};

use crate::random::stream;
use crate::reach::authority;

/// A URL with its weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its share of the requests, relative to the other targets'; 1 to 1000.
    pub(crate) weight: u32,
    /// The URL.
    pub(crate) url: Url,
}

/// Why a target is invalid.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidTarget {
    /// The part before the `*`.
    #[error("the weight {0:?} is not a whole number from 1 to 1000")]
    Weight(String),
    /// Why the URL after the `*` is invalid.
    #[error("{0}")]
    Url(String),
}

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        let (weight, url) = match text.split_once('*') {
            Some((weight, url)) if !weight.contains(':') => (weight, url),
            _ => ("1", text),
        };
        let number = weight.parse().ok();
        let number = number.filter(|number| (1..=1000).contains(number));
        Ok(Self {
            weight: number.ok_or_else(|| InvalidTarget::Weight(weight.to_owned()))?,
            url: http_url(url).map_err(InvalidTarget::Url)?,
        })
    }
}

/// How many draws are made before they repeat: enough to approximate the weights, few enough for
/// the CPU cache.
const DRAWS: usize = 4096;

/// The prepared targets and the order in which they are requested.
#[derive(Debug)]
pub(super) struct Mix {
    pub(super) endpoints: Vec<Endpoint>,
    order: Vec<u16>,
}

/// A target in the form that a connection needs.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) url: Url,
    pub(super) authority: String,
    /// The request's bytes.
    pub(super) request: Vec<u8>,
    /// Index of the server; targets on the same server share connections.
    pub(super) server: usize,
}

impl Mix {
    /// # Errors
    /// When there are too many targets.
    pub(super) fn new(targets: &[Target], seed: u64) -> Result<Self, String> {
        let count = u16::try_from(targets.len()).map_err(|_| {
            format!(
                "{} targets given, at most {} allowed",
                targets.len(),
                u16::MAX
            )
        })?;
        let mut servers: Vec<String> = Vec::new();
        let endpoints = targets.iter().map(|target| {
            let authority = authority(&target.url);
            let known = servers.iter().position(|server| *server == authority);
            let server = known.unwrap_or_else(|| {
                servers.push(authority.clone());
                servers.len() - 1
            });
            let target_form = &target.url[Position::BeforePath..Position::AfterQuery];
            let request = format!("GET {target_form} HTTP/1.1\r\nhost: {authority}\r\n\r\n");
            Endpoint {
                url: target.url.clone(),
                request: request.into_bytes(),
                authority,
                server,
            }
        });
        let endpoints = endpoints.collect();
        let tickets: Vec<u16> = (0..count)
            .flat_map(|index| {
                std::iter::repeat_n(index, targets[usize::from(index)].weight as usize)
            })
            .collect();
        let mut rng = stream(seed, 0);
        let order = (0..DRAWS).map(|_| tickets[rng.random_range(0..tickets.len())]);
        Ok(Self {
            endpoints,
            order: order.collect(),
        })
    }

    /// The endpoint of request number `index`, on any connection.
    pub(super) fn endpoint(&self, index: u64) -> usize {
        let at = index % DRAWS as u64;
        usize::from(self.order[usize::try_from(at).expect("below DRAWS")])
    }
}
