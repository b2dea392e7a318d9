//! The builds of the measured programs. Each is optimised, whatever the build of this tool.

use std::path::{Path, PathBuf};
use std::process::Command;

use tooling::command::{CARGO, output, root, run};

/// The workspace of the servers that die-service is compared with.
const PEERS: &str = "crates/tools/bench/peers";

/// A target of the compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// For this machine and its C library.
    Host,
    /// As in the image: static, with the C library and the allocator in the program.
    Image,
}

impl Build {
    fn triple(self) -> Option<&'static str> {
        match self {
            Self::Host => None,
            Self::Image => Some("x86_64-unknown-linux-musl"),
        }
    }

    /// Whether this machine can build it.
    ///
    /// # Errors
    /// What is missing, and the command that installs it.
    pub(crate) fn check(self) -> Result<(), String> {
        let Some(triple) = self.triple() else {
            return Ok(());
        };
        if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
            return Err(format!("{triple} does not run here"));
        }
        let mut rustc = Command::new("rustc");
        rustc.args(["--print", "target-libdir", "--target", triple]);
        if Path::new(&output(&mut rustc)?).exists() {
            return Ok(());
        }
        Err(format!(
            "{triple} is not installed; run rustup target add {triple}"
        ))
    }

    /// Builds programs of the workspace; the folder with them.
    ///
    /// # Errors
    /// If the build fails; the compiler's errors are shown.
    pub(crate) fn programs(self, names: &[&str]) -> Result<PathBuf, String> {
        let packages: Vec<&str> = names.iter().flat_map(|name| ["--package", name]).collect();
        self.build(&root().join("Cargo.toml"), &target(), &packages)
    }

    /// Builds the servers for comparison, all or the named one; the folder with them.
    ///
    /// # Errors
    /// As [`programs`](Self::programs).
    pub(crate) fn peers(self, only: Option<&str>) -> Result<PathBuf, String> {
        let mut packages = vec!["--locked"];
        packages.extend(only.iter().flat_map(|name| ["--package", name]));
        let manifest = root().join(PEERS).join("Cargo.toml");
        self.build(&manifest, &target().join("peers"), &packages)
    }

    fn build(self, manifest: &Path, target: &Path, packages: &[&str]) -> Result<PathBuf, String> {
        let mut cargo = Command::new(CARGO);
        cargo.args(["build", "--release", "--manifest-path"]);
        cargo.arg(manifest).arg("--target-dir").arg(target);
        cargo.args(packages);
        let mut folder = target.to_owned();
        if let Some(triple) = self.triple() {
            cargo.args(["--target", triple]);
            folder.push(triple);
        }
        println!("building {} in {}", packages.join(" "), folder.display());
        run(&mut cargo)?;
        Ok(folder.join("release"))
    }
}

/// Cargo's target folder, in which this program is `debug/bench` or `release/bench`.
fn target() -> PathBuf {
    let program = std::env::current_exe().expect("this program has a path");
    let folder = program.ancestors().nth(2);
    folder.expect("cargo built this").to_owned()
}
