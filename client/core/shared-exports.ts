/** What every entrance for clients exports: that of `portico/client`, and those of pages, `portico/web` and what is below it. */
export { type Backoff, DEFAULT_BACKOFF } from './backoff.ts'
export { createClient } from './create-client.ts'
export { type CircuitBreakerOptions, circuitBreaker } from './interceptors/circuit-breaker.ts'
export { type MaxCallsInFlightOptions, maxCallsInFlight } from './interceptors/max-calls-in-flight.ts'
export { watchStream } from './watch-stream.ts'
export { DEFAULT_FINAL_CODES, type WatchState, type WatchStreamOptions } from './watch-stream-options.ts'
export type { StreamMethod } from './watched-call.ts'
