/**
 * The public edge of `portico/web`, for pages. `portico/web/connect` and `portico/web/grpc-web` carry one protocol each.
 *
 *     import { createClient, createWebTransport, watchStream } from 'portico/web'
 *     import { ShopService } from './gen/shop/v1/shop_pb.js'
 *
 *     const shop = createClient(ShopService, createWebTransport())
 *     const watch = watchStream(shop.watchOrders, { request: {}, resumeAfter: ({ cursor }) => ({ cursor }) })
 *     for await (const { order } of watch) console.log(order)
 */
export { type Backoff, DEFAULT_BACKOFF } from '../core/backoff.ts'
export { createClient } from '../core/create-client.ts'
export { type CircuitBreakerOptions, circuitBreaker } from '../core/interceptors/circuit-breaker.ts'
export { type MaxCallsInFlightOptions, maxCallsInFlight } from '../core/interceptors/max-calls-in-flight.ts'
export { watchStream } from '../core/watch-stream.ts'
export { DEFAULT_FINAL_CODES, type WatchState, type WatchStreamOptions } from '../core/watch-stream-options.ts'
export type { StreamMethod } from '../core/watched-call.ts'
export { createWebTransport, type WebProtocol, type WebTransportOptions } from './web-transport.ts'
