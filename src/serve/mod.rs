//! HTTP in: request, call, response. Door: the only place that knows axum.
