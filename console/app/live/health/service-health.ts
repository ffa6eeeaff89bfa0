/** The health of a service as the page knows it. */

/** The names of `grpc.health.v1.HealthCheckResponse.ServingStatus`. */
export type HealthStatus = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN'

/** How the page learns the status: `live` by a stream, `polled` now and then, `lost` when the stream broke. */
export type HealthLink = 'connecting' | 'live' | 'polled' | 'lost' | 'failed'

/** What is known of a service. */
export interface ServiceHealth {
  /** Empty for the whole server. */
  readonly service: string
  /** The last one known; null before the first. */
  readonly status: HealthStatus | null
  /** When the status changed last as far as the page knows, in milliseconds since 1970. */
  readonly sinceMs: number
  readonly link: HealthLink
  /** Why the stream failed for good; empty if it did not. */
  readonly fault: string
}

/** A change of the status of a service, or of whether the server can be reached. */
export interface HealthChange {
  readonly atMs: number
  readonly service: string
  readonly from: HealthStatus | 'UNREACHABLE' | 'REACHABLE'
  readonly to: HealthStatus | 'UNREACHABLE' | 'REACHABLE'
}
