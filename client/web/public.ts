/**
 * What a page of your own needs, as `portico/web`:
 *
 *     import { createClient, createWebTransport, GreeterService, watchTopic } from 'portico/web'
 *
 *     const client = createClient(GreeterService, createWebTransport())
 *     for await (const { sequence, data } of watchTopic(client, { topic: 'stocks/ACME' })) console.log(sequence, data)
 *
 * Any other protobuf service works with the transport as well; only `watchTopic` belongs to GreeterService.
 */
export { type GetStreamResponse, GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
export { type Backoff, DEFAULT_BACKOFF } from '../core/backoff.ts'
export { createClient } from '../core/create-client.ts'
export { type CircuitBreakerOptions, circuitBreaker } from '../core/interceptors/circuit-breaker.ts'
export { type MaxCallsInFlightOptions, maxCallsInFlight } from '../core/interceptors/max-calls-in-flight.ts'
export { type TopicClient, type WatchState, type WatchTopicOptions, watchTopic } from '../core/watch-topic.ts'
export { createWebTransport, type WebProtocol, type WebTransportOptions } from './web-transport.ts'
