// The leanest way to carry baggage that people know: OpenTelemetry's instrumentations, baggage as the only propagator, and
// nothing sampled.
const { W3CBaggagePropagator } = require('@opentelemetry/core');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { UndiciInstrumentation } = require('@opentelemetry/instrumentation-undici');
const { AlwaysOffSampler } = require('@opentelemetry/sdk-trace-base');
const { NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');

new NodeTracerProvider({ sampler: new AlwaysOffSampler() }).register({ propagator: new W3CBaggagePropagator() });
registerInstrumentations({ instrumentations: [new HttpInstrumentation(), new UndiciInstrumentation()] });
