//! Names and sessions: valid names, cookies, and the texts of the page.

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::Value;
use testkit::Metrics;

use crate::server::{BROWSER, alone, browse, browse_with, cookies, header, start, submit};

const SESSION: &str = "session=6b0d7e6e-3c50-4c55-9d1c-0a8f1e4f1f10";

/// The value of a cookie that was set, without its attributes.
fn value(cookie: &str) -> &str {
    let (pair, _) = cookie.split_once(';').expect("attributes");
    pair.split_once('=').expect("a value").1
}

async fn page_with(url: &str, cookie: &str) -> String {
    let page = browse_with(&format!("{url}/"), cookie.as_bytes()).await;
    page.text().await.expect("text")
}

#[tokio::test]
async fn the_first_page_view_begins_a_session() {
    let url = start(alone()).await;
    let issued = cookies(&browse(&format!("{url}/")).await);
    let [session] = &issued[..] else {
        panic!("{issued:?}");
    };
    let id = value(session);
    assert_eq!(
        session.as_str(),
        format!("session={id}; HttpOnly; SameSite=Lax; Path=/")
    );
    let version = uuid::Uuid::parse_str(id).expect("a UUID").get_version_num();
    assert_eq!(version, 4);

    let again = browse_with(&format!("{url}/"), session.as_bytes()).await;
    assert_eq!(cookies(&again), Vec::<String>::new());
    let roll = browse(&format!("{url}/roll?die=fair")).await;
    assert_eq!(cookies(&roll), Vec::<String>::new(), "no page view");
}

#[tokio::test]
async fn a_name_is_kept_shown_and_removed() {
    let url = start(alone()).await;
    let page = browse_with(&format!("{url}/"), SESSION.as_bytes()).await;
    assert_eq!(header(&page, "cache-control"), "private, no-cache");
    let page = page.text().await.expect("text");
    assert!(page.contains("<label for=\"name\">") && page.contains("no password"));

    let form = "name=%20Ada+%22%26%22+L%C3%B6velace%F0%9F%8E%B2+";
    let signed_in = submit(&format!("{url}/sign-in"), form, SESSION).await;
    assert_eq!(signed_in.status(), StatusCode::SEE_OTHER);
    assert_eq!(header(&signed_in, "location"), "/");
    let name = "name=Ada%20%22&%22%20L%C3%B6velace%F0%9F%8E%B2";
    let set = format!("{name}; HttpOnly; SameSite=Lax; Path=/");
    assert_eq!(cookies(&signed_in), [set]);

    let both = format!("{SESSION}; {name}");
    let roll = browse_with(&format!("{url}/roll?die=fair"), both.as_bytes()).await;
    for page in [
        page_with(&url, &both).await,
        roll.text().await.expect("text"),
    ] {
        assert!(page.contains("Signed in as <strong><bdi>Ada &#34;&#38;&#34; Lövelace🎲</bdi>"));
        assert!(page.contains("action=\"/sign-out\"") && !page.contains("action=\"/sign-in\""));
    }

    let signed_out = submit(&format!("{url}/sign-out"), "", &both).await;
    assert_eq!(signed_out.status(), StatusCode::SEE_OTHER);
    assert_eq!(header(&signed_out, "location"), "/");
    let forget = "name=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0; Expires=";
    let set = cookies(&signed_out);
    assert!(set.len() == 1 && set[0].starts_with(forget), "{set:?}");
    assert!(
        page_with(&url, &format!("{SESSION}; name="))
            .await
            .contains("/sign-in")
    );
}

#[tokio::test]
async fn without_a_session_signing_in_begins_one_and_signing_out_does_nothing() {
    let url = start(alone()).await;
    let signed_in = submit(&format!("{url}/sign-in"), "name=Ada", "").await;
    let issued = cookies(&signed_in);
    assert_eq!(issued.len(), 2, "{issued:?}");
    assert!(issued[0].starts_with("session=") && issued[1].starts_with("name=Ada;"));
    let signed_out = submit(&format!("{url}/sign-out"), "", SESSION).await;
    assert_eq!(signed_out.status(), StatusCode::SEE_OTHER);
    assert_eq!(cookies(&signed_out), Vec::<String>::new());
}

#[tokio::test]
async fn an_invalid_name_is_rejected_with_an_explanation() {
    let url = format!("{}/sign-in", start(alone()).await);
    let (most, more) = ("%F0%9F%8E%B2".repeat(32), "a".repeat(33));
    let is_a_name = submit(&url, format!("name={most}"), "").await;
    assert_eq!(is_a_name.status(), StatusCode::SEE_OTHER);
    let cases = [
        ("name=".to_owned(), 422, "1 to 32 characters"),
        ("name=+%09%20".to_owned(), 422, "1 to 32 characters"),
        (format!("name={more}"), 422, "1 to 32 characters"),
        (
            format!("name={}", "a".repeat(1000)),
            422,
            "1 to 32 characters",
        ),
        ("name=a%00b".to_owned(), 422, "control characters"),
        (
            "name=a%0d%0aset-cookie:%20x=1".to_owned(),
            422,
            "control characters",
        ),
        ("name=%c2%9b31m".to_owned(), 422, "control characters"),
        ("name=%ff%fe".to_owned(), 422, "UTF-8"),
        (String::new(), 422, "exactly one field, `name`"),
        ("Name=Ada".to_owned(), 422, "exactly one field, `name`"),
        (
            "name=Ada&name=Bob".to_owned(),
            422,
            "exactly one field, `name`",
        ),
        (
            "name=Ada&admin=1".to_owned(),
            422,
            "exactly one field, `name`",
        ),
        (
            r#"{"name":"Ada"}"#.to_owned(),
            422,
            "exactly one field, `name`",
        ),
        (
            format!("name={}", "a".repeat(1020)),
            413,
            "more than 1024 bytes",
        ),
        ("name=a".repeat(1000), 413, "more than 1024 bytes"),
    ];
    for (form, status, words) in cases {
        let shown = form[..form.len().min(40)].to_owned();
        let answer = submit(&url, form, SESSION).await;
        assert_eq!(answer.status(), status, "{shown}");
        assert_eq!(cookies(&answer), Vec::<String>::new(), "{shown}");
        let body: Value = answer.json().await.expect("JSON");
        let detail = body["detail"].as_str().expect("a detail");
        assert!(detail.contains(words), "{shown}: {detail}");
    }
    let raw = submit(&url, b"name=\xff\xfe".to_vec(), "").await;
    assert_eq!(raw.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_browser_gets_the_page_with_what_was_wrong() {
    let url = format!("{}/sign-in", start(alone()).await);
    let request = testkit::client().post(&url).header(ACCEPT, BROWSER);
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = request.body("name=+").send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(header(&answer, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&answer, "vary"), "accept");
    let policy = header(&answer, "content-security-policy");
    assert!(policy.contains("form-action 'self'"), "{policy}");
    let page = answer.text().await.expect("text");
    let (_, problem) = page.split_once("role=\"alert\">").expect("a problem");
    assert!(problem.starts_with("Not signed in: a name has 1 to 32 characters"));
    assert!(page.contains("aria-invalid=\"true\"") && page.contains("value=\"fair\""));
}

#[tokio::test]
async fn malformed_cookies_count_as_absent() {
    let url = start(alone()).await;
    let huge = "x".repeat(8000);
    let long = format!("{SESSION}; name={}", "a".repeat(33));
    let cases: [&[u8]; 12] = [
        b"session=; name=",
        b"session=1; name=%00",
        b"session=6B0D7E6E-3C50-4C55-9D1C-0A8F1E4F1F10; name=%ff",
        b"session={6b0d7e6e-3c50-4c55-9d1c-0a8f1e4f1f10}; name=a%0d%0ab",
        b"session=6b0d7e6e3c504c559d1c0a8f1e4f1f10",
        b"session=\"><script>alert(1)</script>; name=%20%20",
        b"session=\xff\xfe; name=Ada",
        b"Session=6b0d7e6e-3c50-4c55-9d1c-0a8f1e4f1f10; Name=Ada",
        b"; ;=;==; session; name",
        b"session",
        long.as_bytes(),
        huge.as_bytes(),
    ];
    for cookie in cases {
        let shown = String::from_utf8_lossy(cookie).into_owned();
        let page = browse_with(&format!("{url}/"), cookie).await;
        assert_eq!(page.status(), StatusCode::OK, "{shown}");
        let begun = !shown.starts_with(SESSION);
        assert_eq!(cookies(&page).len(), usize::from(begun), "{shown}");
        let page = page.text().await.expect("text");
        assert!(page.contains("action=\"/sign-in\""), "{shown}");
        assert!(!page.contains("<script>"), "{shown}");
    }
    // A malformed one does not hide another.
    let two = format!("session=1; name=%00; {SESSION}; name=Ada");
    let page = browse_with(&format!("{url}/"), two.as_bytes()).await;
    assert_eq!(cookies(&page), Vec::<String>::new());
    assert!(page.text().await.expect("text").contains("<bdi>Ada</bdi>"));
}

#[tokio::test]
async fn markup_is_a_name_like_any_other() {
    let url = start(alone()).await;
    for (cookie, shown) in [
        ("name=<img/src=x>", "<bdi>&#60;img/src=x&#62;</bdi>"),
        ("name=%3Cimg%20src%3Dx%3E", "<bdi>&#60;img src=x&#62;</bdi>"),
        ("name={{links}}", "<bdi>{{links}}</bdi>"),
        (
            "name=%22%27%3E%26amp%3B",
            "<bdi>&#34;&#39;&#62;&#38;amp;</bdi>",
        ),
    ] {
        let page = page_with(&url, cookie).await;
        assert!(page.contains(shown) && !page.contains("<img"), "{cookie}");
    }
}

#[tokio::test]
async fn both_forms_are_in_the_metrics() {
    let url = start(alone()).await;
    submit(&format!("{url}/sign-in"), "name=Ada", "").await;
    submit(&format!("{url}/sign-in"), "name=", "").await;
    let metrics = Metrics::scrape(&format!("{url}/metrics")).await;
    let requests = |handler: &str, status: &str| {
        let labels = [
            "method=\"POST\"",
            &format!("handler=\"{handler}\""),
            &format!("status=\"{status}\""),
        ];
        metrics.value("http_requests_total", &labels)
    };
    assert_eq!(requests("/sign-in", "303"), 1.0);
    assert_eq!(requests("/sign-in", "422"), 1.0);
    assert_eq!(requests("/sign-in", "413"), 0.0);
    assert_eq!(requests("/sign-out", "303"), 0.0);
}
