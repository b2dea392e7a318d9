//! Loads docker-compose.yml and Alloy's configuration with Compose's and Alloy's own code.

use stack_check::upstream;
use tooling::command::root;

use crate::Verdict;

pub(crate) fn check() -> Result<Verdict, String> {
    match upstream(&["stack", &root().to_string_lossy()]) {
        Ok(said) => Ok(Verdict::Good(said.lines().collect::<Vec<_>>().join(", "))),
        Err(problem) => Verdict::without(problem),
    }
}
