//! The checker's behaviour if Go cannot download the modules of Compose and Alloy: an unreachable
//! proxy skips the check, a module that does not exist fails it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tooling::skip::skipped;

/// A folder of its own for each test; removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("stack-check-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("the temporary folder can be written");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Failing to remove a temporary folder is harmless.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn go_is_there() -> bool {
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/upstream");
    let mut go = Command::new("go");
    go.arg("version").env("GOTOOLCHAIN", "local");
    go.current_dir(module)
        .output()
        .is_ok_and(|output| output.status.success())
}

/// The checker with an empty module cache and that proxy; none if Go is not installed.
fn check(proxy: &str, cache: &Path) -> Option<Output> {
    if !go_is_there() {
        skipped("this test needs the program go, as new as the checker's go.mod");
        return None;
    }
    let mut checker = Command::new(env!("CARGO_BIN_EXE_stack-check"));
    checker.args(["--only", "upstream"]).env_remove("CI");
    checker
        .env("GOPROXY", proxy)
        .env("GOMODCACHE", cache)
        .env("GOFLAGS", "-modcacherw")
        .env("GOTOOLCHAIN", "local");
    Some(checker.output().expect("it starts"))
}

#[test]
fn without_a_way_to_the_modules_the_check_is_skipped() {
    let folder = Folder::new("offline");
    // Port 9 is the discard port; no program listens on it.
    let Some(output) = check("http://127.0.0.1:9", &folder.0) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(said.starts_with("skipped: upstream: "), "{said}");
}

#[test]
fn a_module_that_the_proxy_does_not_have_fails_the_check() {
    let folder = Folder::new("unknown");
    let proxy = folder.0.join("proxy");
    let versions = proxy.join("golang.org/x/sys/@v");
    fs::create_dir_all(&versions).expect("a folder");
    fs::write(versions.join("list"), "v0.1.0\n").expect("a file");
    let info = r#"{"Version":"v0.1.0","Time":"2022-10-06T00:00:00Z"}"#;
    fs::write(versions.join("v0.1.0.info"), info).expect("a file");
    let proxy = format!("file://{}", proxy.display());
    let Some(output) = check(&proxy, &folder.0.join("cache")) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success(), "{output:?}");
    assert!(said.starts_with("FAILED: upstream: "), "{said}");
}
