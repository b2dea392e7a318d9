//! The version that a service reports.

use std::borrow::Cow;

use faults::Fault;

use crate::Service;

impl Service {
    /// The version that this service reports: that of the build, and another one while its release is
    /// simulated, see [`Fault::BadRelease`].
    #[must_use]
    pub fn reported_version(&self) -> Cow<'static, str> {
        match faults::is_on(Fault::BadRelease) {
            true => self.next_version().into(),
            false => self.version.into(),
        }
    }

    /// The next minor version: `0.2.0` after `0.1.3`.
    pub(crate) fn next_version(&self) -> String {
        next_minor(self.version).unwrap_or_else(|| format!("{}.1", self.version))
    }
}

fn next_minor(version: &str) -> Option<String> {
    let mut parts = version.split('.');
    let major = parts.next()?;
    let minor: u64 = parts.next()?.parse().ok()?;
    Some(format!("{major}.{}.0", minor + 1))
}

#[cfg(test)]
mod tests {
    use crate::Service;

    #[test]
    fn the_next_release_has_the_next_minor_version() {
        for (version, next) in [("0.1.0", "0.2.0"), ("1.9.3", "1.10.0"), ("7", "7.1")] {
            let service = Service {
                name: "dice-roller",
                version,
            };
            assert_eq!(service.next_version(), next);
            assert_eq!(service.reported_version(), version);
        }
    }
}
