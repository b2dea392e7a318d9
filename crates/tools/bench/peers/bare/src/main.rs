//! axum with die-service's answer, without telemetry.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use dice::{Catalogue, Die};
use tokio::net::TcpListener;

#[derive(serde::Deserialize)]
struct Lookup {
    identifier: String,
}

/// Serves until killed. Logs its address in the same format as the services.
#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    println!(r#"{{"message":"Listening","address":"{address}"}}"#);
    let dice = Arc::new(Catalogue::embedded());
    let app = Router::new().route("/dice", get(find)).with_state(dice);
    axum::serve(listener, app).await
}

async fn find(State(dice): State<Arc<Catalogue>>, Query(query): Query<Lookup>) -> Json<Die> {
    let die = dice.get(&query.identifier);
    Json(die.expect("only known dice are requested"))
}
