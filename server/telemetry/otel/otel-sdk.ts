/** The SDK of OpenTelemetry that a server uses: the program's own if it has registered one, or else one made from OTEL_* variables. */
import type { Meter, MeterProvider, TextMapPropagator, Tracer } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import type { Sampler } from '@opentelemetry/sdk-trace'
import { version } from '../../../wire/version.ts'
import { loadOtelApi, loadOtelSdk, type OtelApiModule, type OtelPackages } from './load-packages.ts'
import { type OtelSettings, readOtelSettings } from './otel-settings.ts'

/** What a server needs of an SDK. */
export interface OtelSdk {
  readonly api: OtelApiModule
  /** Undefined: no spans. */
  readonly tracer: Tracer | undefined
  /** Undefined: no metrics. */
  readonly meter: Meter | undefined
  /** Where spans and metrics go, for the log. */
  readonly description: object
  /** Exports what is left, for at most a few seconds, and takes back what was registered. Does nothing to an SDK of the program. */
  close(): Promise<void>
}

/** How an SDK is made. */
export interface OtelSdkOptions {
  readonly env: NodeJS.ProcessEnv
  /** The name of the service, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES has one. */
  readonly serviceName: string | undefined
  /** Receives a line when telemetry cannot be exported, at most once a minute. */
  readonly log: WarnLog
}

/** The part of a log that is used. */
export interface WarnLog {
  warn(fields: object, message: string): void
}

/** The name of the tracer and the meter. */
const SCOPE = 'portico'

/** How long a server that stops may take to export what is left. A collector that is up takes milliseconds. */
const CLOSE_MS = 3_000

/**
 * Finds or makes an SDK. One that is made here is registered with the API, so that other instrumentation of the program, such as that of
 * databases, adds to the same traces.
 *
 * @returns null if OTEL_SDK_DISABLED is set
 * @throws MissingPackage if a package is not installed
 * @throws RangeError that names every variable with a value that is not supported
 */
export async function startOtel(options: OtelSdkOptions): Promise<OtelSdk | null> {
  const settings = readOtelSettings(options.env)
  if (settings.isDisabled) return null
  const api = await loadOtelApi()
  if (hasOwnSdk(api)) return ownSdk(api)
  return makeSdk(api, await loadOtelSdk(), { ...options, settings })
}

/** A provider that nobody has registered passes on to the same stand-in as a new one. */
function hasOwnSdk({ trace, ProxyTracerProvider }: OtelApiModule): boolean {
  const provider = trace.getTracerProvider()
  if (!(provider instanceof ProxyTracerProvider)) return true
  return provider.getDelegate() !== new ProxyTracerProvider().getDelegate()
}

function ownSdk(api: OtelApiModule): OtelSdk {
  return {
    api,
    tracer: api.trace.getTracer(SCOPE, version),
    meter: api.metrics.getMeter(SCOPE, version),
    description: { sdk: 'of the program' },
    async close() {},
  }
}

function makeSdk(
  api: OtelApiModule,
  packages: OtelPackages,
  { settings, serviceName, log }: OtelSdkOptions & { readonly settings: OtelSettings },
): OtelSdk {
  const resource = resourceOf(packages, serviceName)
  const tracers = tracerProvider(packages, settings, resource)
  const meters = meterProvider(packages, settings, resource)
  api.context.setGlobalContextManager(new packages.contexts.AsyncLocalStorageContextManager().enable())
  api.propagation.setGlobalPropagator(propagatorOf(packages, settings))
  api.trace.setGlobalTracerProvider(tracers)
  if (meters !== undefined) api.metrics.setGlobalMeterProvider(meters as MeterProvider)
  packages.core.setGlobalErrorHandler(faultReporter(log))
  return {
    api,
    tracer: settings.traces === 'none' ? undefined : tracers.getTracer(SCOPE, version),
    meter: meters?.getMeter(SCOPE, version),
    description: { traces: settings.traces, metrics: settings.metrics, sampler: settings.sampler },
    async close() {
      await atMost(CLOSE_MS, Promise.allSettled([tracers.shutdown(), meters?.shutdown()]))
      for (const part of [api.trace, api.metrics, api.propagation, api.context]) part.disable()
    },
  }
}

/** Without attributes of the host or the command line, which may hold secrets. */
function resourceOf({ resources }: OtelPackages, serviceName: string | undefined): Resource {
  const { defaultResource, detectResources, envDetector, resourceFromAttributes, serviceInstanceIdDetector } = resources
  const named = serviceName === undefined ? {} : { 'service.name': serviceName }
  return defaultResource()
    .merge(resourceFromAttributes(named))
    .merge(detectResources({ detectors: [serviceInstanceIdDetector, envDetector] }))
}

function tracerProvider({ traces, spanExporter }: OtelPackages, settings: OtelSettings, resource: Resource) {
  const processors = {
    none: () => [],
    console: () => [new traces.SimpleSpanProcessor({ exporter: new traces.ConsoleSpanExporter() })],
    otlp: () => [new traces.BatchSpanProcessor({ exporter: new spanExporter.OTLPTraceExporter(), ...settings.batch })],
  }
  const spanProcessors = processors[settings.traces]()
  return new traces.TracerProvider({ resource, sampler: samplerOf(traces, settings), spanProcessors })
}

function samplerOf(traces: OtelPackages['traces'], { sampler, ratio }: OtelSettings): Sampler {
  const isByParent = sampler.startsWith('parentbased_')
  const root = {
    always_on: () => new traces.AlwaysOnSampler(),
    always_off: () => new traces.AlwaysOffSampler(),
    traceidratio: () => new traces.TraceIdRatioBasedSampler(ratio),
  }[sampler.replace('parentbased_', '') as 'always_on' | 'always_off' | 'traceidratio']()
  return isByParent ? new traces.ParentBasedSampler({ root }) : root
}

function meterProvider({ metrics, metricExporter }: OtelPackages, settings: OtelSettings, resource: Resource) {
  if (settings.metrics === 'none') return undefined
  const exporter =
    settings.metrics === 'console' ? new metrics.ConsoleMetricExporter() : new metricExporter.OTLPMetricExporter()
  const exportIntervalMillis = settings.metricIntervalMs
  const exportTimeoutMillis = Math.min(30_000, exportIntervalMillis)
  const reader = new metrics.PeriodicExportingMetricReader({ exporter, exportIntervalMillis, exportTimeoutMillis })
  return new metrics.MeterProvider({ resource, readers: [reader] })
}

function propagatorOf({ core }: OtelPackages, { propagators }: OtelSettings): TextMapPropagator {
  const create = {
    tracecontext: () => new core.W3CTraceContextPropagator(),
    baggage: () => new core.W3CBaggagePropagator(),
  }
  return new core.CompositePropagator({ propagators: propagators.map((name) => create[name]()) })
}

const REPORT_MS = 60_000

/** A collector that is down fails every export. */
function faultReporter(log: WarnLog): (error: unknown) => void {
  let reportedAtMs = Number.NEGATIVE_INFINITY
  return (error) => {
    const nowMs = performance.now()
    if (nowMs - reportedAtMs < REPORT_MS) return
    reportedAtMs = nowMs
    log.warn({ err: error }, 'telemetry could not be exported')
  }
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([work, promise])
  clearTimeout(timer)
}
