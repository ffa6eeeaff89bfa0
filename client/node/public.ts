/**
 * The public edge of `portico/client`, for Node programs that call services.
 *
 *     import { createClient, createTransport } from 'portico/client'
 *     import { ShopService } from './gen/shop/v1/shop_pb.js'
 *
 *     const transport = createTransport({ baseUrl: 'http://127.0.0.1:8080' })
 *     const shop = createClient(ShopService, transport)
 *     const { orders } = await shop.listOrders({})
 *     await transport.close()
 */
export type {
  AttemptObservation,
  AttemptStart,
  CallEnd,
  CallObservation,
  CallObserver,
  CallStart,
  HeaderReader,
  MessageObservation,
} from '../../wire/call-observer.ts'
export type { ChannelJson, SocketJson, SubchannelJson, TopChannelsPage } from '../../wire/channelz/channelz-data.ts'
export type { Compression } from '../../wire/compression/compression.ts'
export type { CompressionChoice, CompressionName } from '../../wire/compression/compression-choice.ts'
export type { Clock, ScheduledTimer } from '../../wire/http2/http2.ts'
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
} from '../../wire/telemetry/open-telemetry-api.ts'
export * from '../core/shared-exports.ts'
export { DEFAULT_POLICIES } from './balancer/default-policies.ts'
export { type CreatePicker, EndpointBalancer } from './balancer/endpoint-children/endpoint-balancer.ts'
export type { EndpointChild } from './balancer/endpoint-children/endpoint-child.ts'
export type { ChannelOptions } from './channel-options.ts'
export { type Channelz, channelz } from './channelz/channelz.ts'
export type { ChannelInspection } from './channelz/inspect-channel.ts'
export type { KeepaliveOptions } from './connection/keepalive.ts'
export type { ConnectivityState } from './contracts/connectivity-state.ts'
export type { Address, Attributes, Endpoint, TcpAddress, UnixAddress } from './contracts/endpoint.ts'
export type {
  ChannelControlHelper,
  LoadBalancer,
  LoadBalancerPolicies,
  LoadBalancerPolicy,
  LoadBalancerUpdate,
} from './contracts/load-balancer.ts'
export {
  type AttemptOutcome,
  type DroppedPick,
  type FailedPick,
  failPicker,
  type PickedSubchannel,
  type Picker,
  type PickInfo,
  type PickResult,
  QUEUE,
  type QueuedPick,
  queuePicker,
} from './contracts/picker.ts'
export type {
  Resolver,
  ResolverContext,
  ResolverFactory,
  ResolverListener,
  ResolverResult,
  ServiceConfigJson,
  Target,
} from './contracts/resolver.ts'
export type { Subchannel, SubchannelChange, SubchannelListener } from './contracts/subchannel.ts'
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
export { DEFAULT_RESOLVERS } from './resolver/default-resolvers.ts'
export type { DnsLookup } from './resolver/dns-lookup.ts'
export { type DnsResolverOptions, dnsResolver } from './resolver/dns-resolver.ts'
export { type FileResolverOptions, fileResolver } from './resolver/file-resolver.ts'
export { type PollingOptions, PollingResolver } from './resolver/polling-resolver.ts'
export { type SrvResolverOptions, srvResolver } from './resolver/srv-resolver.ts'
export { type StaticService, staticResolver } from './resolver/static-resolver.ts'
export { callLabel } from './rpc/call-label.ts'
export { waitForReady } from './rpc/wait-for-ready.ts'
export type {
  GrpcServiceConfig,
  HedgingPolicyJson,
  LoadBalancingChoice,
  MethodConfigJson,
  RetryPolicyJson,
} from './service-config/grpc-service-config.ts'
export { ServiceConfigError } from './service-config/service-config-error.ts'
export { type OpenTelemetryOptions, openTelemetry } from './telemetry/open-telemetry.ts'
export type { TlsOptions } from './tls/tls-options.ts'
export { type ClientTransport, createTransport } from './transport.ts'
export type { Protocol, TransportOptions } from './transport-options.ts'
