import { expect, test } from 'vitest'
import { otelVariable, readOtelSettings } from '../../../../../server/telemetry/otel/otel-settings.ts'

test('without variables, OpenTelemetry has its own defaults', () => {
  expect(readOtelSettings({})).toEqual({
    isDisabled: false,
    traces: 'otlp',
    metrics: 'otlp',
    propagators: ['tracecontext', 'baggage'],
    sampler: 'parentbased_always_on',
    ratio: 1,
    batch: {},
    metricIntervalMs: 60_000,
  })
})

test.each([
  ['OTEL_SDK_DISABLED', ' TRUE ', { isDisabled: true }],
  ['OTEL_SDK_DISABLED', '1', { isDisabled: false }],
  ['OTEL_TRACES_EXPORTER', 'console', { traces: 'console' }],
  ['OTEL_METRICS_EXPORTER', 'none', { metrics: 'none' }],
  ['OTEL_PROPAGATORS', 'baggage', { propagators: ['baggage'] }],
  ['OTEL_PROPAGATORS', 'none', { propagators: [] }],
  ['OTEL_TRACES_SAMPLER', 'TraceIdRatio', { sampler: 'traceidratio' }],
  ['OTEL_TRACES_SAMPLER_ARG', '0.01', { ratio: 0.01 }],
  ['OTEL_TRACES_SAMPLER_ARG', '', { ratio: 1 }],
  ['OTEL_BSP_SCHEDULE_DELAY', '50', { batch: { scheduledDelayMillis: 50 } }],
  ['OTEL_METRIC_EXPORT_INTERVAL', '500', { metricIntervalMs: 500 }],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf', {}],
])('%s=%s is read', (name, value, settings) => {
  expect(readOtelSettings({ [name]: value })).toMatchObject(settings)
})

test.each([
  ['OTEL_TRACES_EXPORTER', 'zipkin'],
  ['OTEL_METRICS_EXPORTER', 'prometheus'],
  ['OTEL_PROPAGATORS', 'tracecontext,b3'],
  ['OTEL_TRACES_SAMPLER', 'sometimes'],
  ['OTEL_TRACES_SAMPLER_ARG', '2'],
  ['OTEL_TRACES_SAMPLER_ARG', 'half'],
  ['OTEL_BSP_MAX_QUEUE_SIZE', '0'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
  ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/json'],
])('%s=%s is not supported', (name, value) => {
  expect(() => readOtelSettings({ [name]: value })).toThrow(new RegExp(`^telemetry: ${name} (is|has) "`))
})

test('all faults are named at once', () => {
  expect(() => readOtelSettings({ OTEL_TRACES_SAMPLER: 'x', OTEL_TRACES_EXPORTER: 'y' })).toThrow(/EXPORTER.*SAMPLER/)
})

test.each([
  [{}, undefined],
  [{ OTEL_SERVICE_NAME: 'shop' }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined],
  [{ OTEL_TRACES_EXPORTER: 'None' }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
  [{ OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'otlp' }, 'OTEL_METRICS_EXPORTER'],
  [{ OTEL_TRACES_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'true' }, undefined],
])('of %j the destination is %s', (env, name) => {
  expect(otelVariable(env)).toBe(name)
})
