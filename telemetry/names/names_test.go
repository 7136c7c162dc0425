package names

import (
	"testing"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

func TestTheNamesOfTheConventionsAreThoseOfOneVersion(t *testing.T) {
	if Conventions != semconv.SchemaURL {
		t.Errorf("%s, but %s is imported", Conventions, semconv.SchemaURL)
	}
	for ours, theirs := range map[string]string{
		MessagingSystem:        string(semconv.MessagingSystemKey),
		MessagingOperation:     string(semconv.MessagingOperationNameKey),
		MessagingOperationType: string(semconv.MessagingOperationTypeKey),
		MessagingConsumerGroup: string(semconv.MessagingConsumerGroupNameKey),
		MessagingDestination:   string(semconv.MessagingDestinationNameKey),
		MessagingTemplate:      string(semconv.MessagingDestinationTemplateKey),
		MessagingBodySize:      string(semconv.MessagingMessageBodySizeKey),
		ServerAddress:          string(semconv.ServerAddressKey),
		ServerPort:             string(semconv.ServerPortKey),
		ErrorType:              string(semconv.ErrorTypeKey),
		ExceptionType:          string(semconv.ExceptionTypeKey),
		ExceptionMessage:       string(semconv.ExceptionMessageKey),
		ExceptionStacktrace:    string(semconv.ExceptionStacktraceKey),
		Process:                semconv.MessagingOperationTypeProcess.Value.AsString(),
	} {
		if ours != theirs {
			t.Errorf("%q is %q in the conventions", ours, theirs)
		}
	}
}
