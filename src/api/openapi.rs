//! The description of the interfaces, made from the table of routes and the types: `openapi.json`, and the schemas of frames.

use actix_web::{HttpResponse, http::header};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    frames::{ClientFrame, ServerFrame},
    problem::Problem,
    routes::{ROUTES, Route, SchemaOf},
};

/// `GET /api/openapi.json`
pub async fn show() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "application/json")).body(openapi().to_string())
}

/// The `OpenAPI` 3.1 description of every route.
pub fn openapi() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<Problem>().to_value();
    let mut paths = Map::new();
    for route in ROUTES {
        let described = operation(route, &mut generator, &problem);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = described;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Reenact",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Agents that run and survive. Errors are application/problem+json with a stable `code`; writes take an `Idempotency-Key`.",
        },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "header": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
            },
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator, problem: &Value) -> Value {
    let mut parameters: Vec<Value> = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    if let Some(query) = route.query {
        parameters.extend(query_parameters(query, generator));
    }
    let answer = match route.response {
        Some(response) => {
            let schema = response(generator).to_value();
            json!({ "description": "Done", "content": { "application/json": { "schema": schema } } })
        }
        None if route.path == "/metrics" => {
            json!({ "description": "Done", "content": { "text/plain": { "schema": { "type": "string" } } } })
        }
        None => json!({ "description": if route.socket { "A WebSocket from here on" } else { "Done" } }),
    };
    let status = match (route.socket, route.path, route.method.as_str()) {
        (true, ..) => "101",
        (_, "/api/keys", "POST") => "201",
        (_, "/api/sign-out", _) => "204",
        _ => "200",
    };
    let mut described = json!({
        "summary": route.summary,
        "operationId": operation_id(route),
        "parameters": parameters,
        "responses": {
            status: answer,
            "default": { "description": "A problem", "content": { "application/problem+json": { "schema": problem } } },
        },
    });
    if let Some(request) = route.request {
        let schema = request(generator).to_value();
        described["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    if route.upload {
        described["requestBody"] = json!({ "required": true, "content": { "*/*": {} } });
    }
    if let Some(role) = route.role {
        let mut security = vec![json!({ "bearer": [] }), json!({ "header": [] })];
        security.extend(route.bare.then(|| json!({})));
        described["security"] = json!(security);
        described["x-role"] = json!(role);
    }
    described
}

/// `get_api_chats_id_messages`
fn operation_id(route: &Route) -> String {
    let words = route.path.split(['/', '.', '-', '{', '}']).filter(|word| !word.is_empty());
    std::iter::once(route.method.as_str().to_ascii_lowercase())
        .chain(words.map(str::to_owned))
        .collect::<Vec<_>>()
        .join("_")
}

fn query_parameters(query: SchemaOf, generator: &mut SchemaGenerator) -> Vec<Value> {
    // The struct itself is no schema of its own in the description: its fields are the parameters.
    let reference = query(generator).to_value();
    let name = reference["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default().to_owned();
    let schema = generator.definitions_mut().remove(&name).unwrap_or_default();
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = schema["properties"].as_object().into_iter().flatten();
    fields
        .map(|(name, schema)| {
            let mut schema = schema.clone();
            let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            json!({
                "name": name,
                "in": "query",
                "required": required.contains(&name.as_str()),
                "description": description,
                "schema": schema,
            })
        })
        .collect()
}

/// The JSON Schemas of the frames: `{ "$defs": { "ClientFrame": …, "ServerFrame": …, … } }`.
pub fn frames() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    generator.subschema_for::<ClientFrame>();
    generator.subschema_for::<ServerFrame>();
    collected(generator, "The frames of the WebSocket reenact.v1")
}

/// The JSON Schemas of what is sent and answered over HTTP.
pub fn http() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    generator.subschema_for::<Problem>();
    for route in ROUTES {
        for schema in [route.request, route.response].into_iter().flatten() {
            schema(&mut generator);
        }
    }
    collected(generator, "What is sent and answered over HTTP")
}

fn collected(mut generator: SchemaGenerator, title: &str) -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "$defs": generator.take_definitions(true),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_reference_in_a_description_leads_somewhere() {
        for description in [openapi(), frames(), http()] {
            let mut found = Vec::new();
            references(&description, &mut found);
            assert!(!found.is_empty());
            for reference in found {
                assert!(description.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
            }
        }
    }

    #[test]
    fn no_two_types_share_a_name() {
        for description in [&openapi()["components"]["schemas"], &frames()["$defs"], &http()["$defs"]] {
            let names: Vec<_> = description.as_object().unwrap().keys().collect();
            assert!(names.len() > 10);
            let twins: Vec<_> =
                names.iter().filter(|name| name.ends_with(|last: char| last.is_ascii_digit())).collect();
            assert!(twins.is_empty(), "{twins:?} have a number to tell them from another type");
        }
    }

    #[test]
    fn every_route_is_described_with_its_parameters() {
        let description = openapi();
        for route in ROUTES {
            let described = &description["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
            assert_eq!(described["summary"], route.summary);
        }
        let parameters = &description["paths"]["/api/streams/{kind}/{id}/diff"]["get"]["parameters"];
        let named: Vec<_> = parameters
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["name"].as_str().unwrap(), one["required"] == true))
            .collect();
        assert_eq!(named, [("kind", true), ("id", true), ("from", false), ("to", true)]);
    }
}
