package system

import _ "embed"

//go:embed openapi.yaml
var openAPI []byte

// OpenAPI returns the OpenAPI 3.0 document of the HTTP interface, in YAML.
func OpenAPI() []byte { return openAPI }
