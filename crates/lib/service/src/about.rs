//! What a service says of itself at `GET /`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use telemetry::Service;
use telemetry::http::{Route, method_and_path};

/// The answer to `GET /`, for clients that first ask what they have reached: `service` and its
/// `version`; `name`, which is the same as `service`; and `endpoints`, from each path to its
/// methods, as in `{"/roll": "GET"}`. Those are `routes`, what every service has, and `unobserved`
/// paths that are read with GET outside of the middleware.
pub fn about(service: Service, routes: &[Route], unobserved: &[&'static str]) -> Value {
    let Service { name, version } = service;
    let routes = routes.iter().map(|(route, _)| *route);
    let unobserved = unobserved.iter().copied();
    let mut endpoints: BTreeMap<&str, String> = BTreeMap::new();
    for route in routes.chain(unobserved).chain(["/healthz", "/metrics"]) {
        let (method, path) = method_and_path(route);
        let methods = endpoints.entry(path).or_default();
        if !methods.is_empty() {
            methods.push_str(", ");
        }
        methods.push_str(method);
    }
    json!({ "service": name, "name": name, "version": version, "endpoints": endpoints })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_its_methods() {
        let service = Service {
            name: "fleet",
            version: "1.2.3",
        };
        let routes: [Route; 3] = [("/", &[200]), ("/ships", &[200]), ("POST /ships", &[201])];
        let expected = json!({
            "service": "fleet",
            "name": "fleet",
            "version": "1.2.3",
            "endpoints": {
                "/": "GET",
                "/healthz": "GET",
                "/metrics": "GET",
                "/openapi.json": "GET",
                "/ships": "GET, POST",
            },
        });
        assert_eq!(about(service, &routes, &["/openapi.json"]), expected);
    }
}
