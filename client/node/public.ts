/**
 * What a Node program calls services with: `portico/client`.
 *
 *     import { createClient } from '@connectrpc/connect'
 *     import { createTransport, GreeterService } from 'portico/client'
 *
 *     const transport = createTransport({ baseUrl: 'http://127.0.0.1:8080' })
 *     const greeter = createClient(GreeterService, transport)
 *     const { message } = await greeter.sayHello({ name: 'World' })
 *     await transport.close()
 */
export * from '../../gen/greeter/v1/greeter_pb.js'
export { type CircuitBreakerOptions, circuitBreaker } from '../core/interceptors/circuit-breaker.ts'
export { type MaxCallsInFlightOptions, maxCallsInFlight } from '../core/interceptors/max-calls-in-flight.ts'
export { type TopicClient, type WatchState, type WatchTopicOptions, watchTopic } from '../core/watch-topic.ts'
export type { TlsOptions } from './channel/tls-options.ts'
export type { ChannelOptions } from './channel-options.ts'
export { type Channelz, channelz } from './channelz/channelz.ts'
export type { ChannelJson, SocketJson, SubchannelJson, TopChannelsPage } from './channelz/channelz-data.ts'
export type { ChannelInspection } from './channelz/inspect-channel.ts'
export { apiKey } from './credentials/api-key.ts'
export { bearerToken, type TokenSource } from './credentials/bearer-token.ts'
export {
  type CallCredentials,
  type CallMetadata,
  type CredentialedCall,
  type CredentialsOptions,
  callCredentials,
} from './credentials/call-credentials.ts'
export { combineCredentials } from './credentials/combine-credentials.ts'
export { type JwtFileOptions, jwtFile } from './credentials/jwt-file.ts'
export { detached } from './propagating-transport.ts'
export type {
  AttemptTrace,
  CallObserver,
  CallTrace,
  ObservedAttempt,
  ObservedCall,
} from './rpc/call-observer.ts'
export { waitForReady } from './rpc/grpc-transport.ts'
export { type OpenTelemetryOptions, openTelemetry } from './telemetry/open-telemetry.ts'
export type {
  OtelApi,
  OtelAttributes,
  OtelContext,
  OtelCounter,
  OtelGetter,
  OtelHistogram,
  OtelInstrumentOptions,
  OtelMeter,
  OtelPropagator,
  OtelSpan,
  OtelTracer,
} from './telemetry/open-telemetry-api.ts'
export { type ClientTransport, createTransport } from './transport.ts'
export type { Protocol, TransportOptions } from './transport-options.ts'
