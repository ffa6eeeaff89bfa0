/**
 * The part of `@opentelemetry/api` (1.9 or later) that is used. Applications that want traces and metrics pass the module in, so that others
 * need not install it. The names and meanings are those of the OpenTelemetry specification.
 */

/** Immutable values of an execution, such as the active span and baggage. Only passed on. */
export type OtelContext = unknown

/** Attributes of spans, events and measurements. */
export type OtelAttributes = Record<string, string | number | boolean>

/** The module itself: `import * as api from '@opentelemetry/api'`. */
export interface OtelApi {
  readonly context: { active(): OtelContext }
  readonly trace: {
    getSpan(context: OtelContext): OtelSpan | undefined
    setSpan(context: OtelContext, span: OtelSpan): OtelContext
  }
  readonly propagation: OtelPropagator
}

/** What a server needs besides, to make the span of a call the active one. */
export interface OtelServerApi extends OtelApi {
  readonly context: { active(): OtelContext; with<T>(context: OtelContext, run: () => T): T }
  readonly ROOT_CONTEXT: OtelContext
  isSpanContextValid(context: OtelSpanContext): boolean
}

/** Names a span across processes. */
export interface OtelSpanContext {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
}

/** Writes a context to metadata, and reads it from metadata: a `TextMapPropagator`. */
export interface OtelPropagator {
  inject<C>(context: OtelContext, carrier: C, setter: { set(carrier: C, key: string, value: string): void }): void
  extract<C>(context: OtelContext, carrier: C, getter: OtelGetter<C>): OtelContext
}

/** Reads metadata for a propagator. */
export interface OtelGetter<C> {
  keys(carrier: C): string[]
  get(carrier: C, key: string): string | undefined
}

/** Creates spans: `trace.getTracer('my-service')`. */
export interface OtelTracer {
  startSpan(
    name: string,
    options?: {
      readonly kind?: number
      readonly attributes?: OtelAttributes
      readonly links?: { context: OtelSpanContext }[]
    },
    context?: OtelContext,
  ): OtelSpan
}

/** A span of a trace. */
export interface OtelSpan {
  spanContext(): OtelSpanContext
  isRecording(): boolean
  setAttributes(attributes: OtelAttributes): unknown
  addEvent(name: string, attributes?: OtelAttributes): unknown
  setStatus(status: { code: number; message?: string }): unknown
  end(): void
}

/** Creates instruments: `metrics.getMeter('my-service')`. */
export interface OtelMeter {
  createCounter(name: string, options?: OtelInstrumentOptions): OtelCounter
  createHistogram(name: string, options?: OtelInstrumentOptions): OtelHistogram
  createObservableGauge(name: string, options?: OtelInstrumentOptions): OtelObservable
  createObservableCounter(name: string, options?: OtelInstrumentOptions): OtelObservable
}

/** The description of an instrument. */
export interface OtelInstrumentOptions {
  description?: string
  unit?: string
  advice?: { explicitBucketBoundaries?: number[] }
}

/** A counter. */
export interface OtelCounter {
  add(value: number, attributes?: OtelAttributes): void
}

/** A histogram. */
export interface OtelHistogram {
  record(value: number, attributes?: OtelAttributes): void
}

/** An instrument that is read when metrics are collected. */
export interface OtelObservable {
  addCallback(callback: OtelObserveCallback): void
  removeCallback(callback: OtelObserveCallback): void
}

/** Observes the values of an instrument. */
export type OtelObserveCallback = (result: { observe(value: number, attributes?: OtelAttributes): void }) => void

/** `SpanKind.INTERNAL`. */
export const SPAN_KIND_INTERNAL = 0
/** `SpanKind.SERVER`. */
export const SPAN_KIND_SERVER = 1
/** `SpanKind.CLIENT`. */
export const SPAN_KIND_CLIENT = 2
/** `SpanStatusCode.ERROR`. */
export const SPAN_STATUS_ERROR = 2
/** `TraceFlags.SAMPLED`. */
export const TRACE_FLAG_SAMPLED = 1
