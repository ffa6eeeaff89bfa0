/** The public edge of `portico/server/telemetry`. */
export type { TracedPeer } from '../../wire/telemetry/server-spans.ts'
export { type TelemetryMiddleware, telemetry } from './telemetry.ts'
export type { TelemetryOptions, TraceOptions } from './telemetry-options.ts'
