// Package service says who speaks: the resource that everything this process exports
// belongs to, traces, metrics and logs alike.
package service

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"

	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Name is service.name where nothing else is configured.
const Name = "feedtree"

// instance tells runners side by side apart; it is drawn once for the process.
var instance = sync.OnceValue(func() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // a random UUID
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
})

// Resource describes this process: service.name, service.version, service.instance.id, host
// and process. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before all of it. Its error
// says which part could not be found out; the resource is good without that.
func Resource(ctx context.Context, version string) (*resource.Resource, error) {
	return resource.New(ctx,
		resource.WithSchemaURL(semconv.SchemaURL),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithProcessPID(), resource.WithProcessRuntimeName(), resource.WithProcessRuntimeVersion(),
		resource.WithAttributes(semconv.ServiceName(Name), semconv.ServiceVersion(version), semconv.ServiceInstanceID(instance())),
		resource.WithFromEnv())
}
