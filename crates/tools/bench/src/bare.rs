//! The baseline server: axum with the same JSON, without telemetry.

use axum::extract::Query;
use axum::routing::get;
use axum::{Json, Router};
use dice::Catalogue;
use tokio::net::TcpListener;

/// Serves until killed. Logs its address in the same format as the services.
pub(crate) fn run() -> Result<(), String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let served: std::io::Result<()> = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        println!(r#"{{"message":"Listening","address":"{address}"}}"#);
        axum::serve(listener, app()).await
    });
    served.map_err(|error| error.to_string())
}

fn app() -> Router {
    let dice = std::sync::Arc::new(Catalogue::embedded());
    let find = move |Query(query): Query<Lookup>| async move {
        Json(
            dice.get(&query.identifier)
                .expect("only known dice are requested"),
        )
    };
    Router::new().route("/dice", get(find))
}

#[derive(serde::Deserialize)]
struct Lookup {
    identifier: String,
}
