/** The public edge of `portico/server`. */

export type {
  InstanceMetadata,
  Registrar,
  RegistrarContext,
  RegistrarLog,
  Registration,
  ServiceInstance,
} from '../registry/contracts/registrar.ts'
export type {
  CallEnd,
  CallObservation,
  CallObserver,
  CallStart,
  HeaderReader,
  MessageObservation,
} from '../wire/call-observer.ts'
export { encodeOnce } from '../wire/codec/encode/encode-once.ts'
export { type App, type AppOptions, createApp, type RoutesContext } from './app.ts'
export type { OwnOption, OwnOptions, OwnValues, ServerDefaults } from './config/own-options.ts'
export type { ConsoleOptions } from './console/console-options.ts'
export type { AuthorizeFileReader, FileReader } from './files/served-file.ts'
export type { Reload } from './lifecycle/reloads.ts'
export type { ServerKeepaliveOptions } from './listen/keepalive-options.ts'
export { onePort } from './listen/one-port.ts'
export type { Http2Tuning, OnePortOptions } from './listen/one-port-options.ts'
export { OnePortServer } from './listen/one-port-server.ts'
export type { CertificateOptions, TlsOptions } from './listen/tls/tls-options.ts'
export { except, type MethodChoice, type MethodSelector, select } from './middleware/select.ts'
export { type NodeHandlerOptions, type NodeMiddleware, nodeHandler } from './node-handler.ts'
export { portico } from './plugin.ts'
export type { PorticoOptions } from './plugin-options.ts'
export type { RegistrationOptions } from './registry/registration-options.ts'
export type { Admission, AdmissionControl, AdmissionEnd, AdmissionRequest } from './rpc/admission.ts'
export type { ApiFacts, CallerRule, CallerRules, CallerScheme } from './rpc/api-facts.ts'
export { fastifyRequestKey, type Peer, type Principal, peerKey, principalKey } from './rpc/context-keys.ts'
export type { CorsOptions, CorsOrigins } from './rpc/cors.ts'
export type { Lane } from './rpc/lane.ts'
export type { Middleware, PreparedServer, ServerPages } from './rpc/middleware.ts'
export type { CallerTrust, PropagationOptions } from './rpc/propagation.ts'
export { grpcGatewayRequestHeader } from './rpc/protocols/rest/grpc-gateway-names.ts'
export type { FieldNameMapping, RestOptions } from './rpc/protocols/rest/rest-options.ts'
export type {
  Answer,
  HeadReading,
  ProtocolPlan,
  ServedMethod,
  ServerProtocol,
} from './rpc/protocols/server-protocol.ts'
export type { RequestGate } from './rpc/request-gate.ts'
export { sendHeaders } from './rpc/send-headers.ts'
export type { PorticoRouter, ServiceOptions } from './rpc/service-options.ts'
export { type RunningServer, serve } from './serve.ts'
export type { PrimaryContext, ServeContext, ServeOptions, SetupContext } from './serve-options.ts'
export type { HealthCheckStatus } from './services/health/health-check.ts'
export type { HealthCheckOptions, HealthCheckWeight } from './services/health/health-check-options.ts'
export type { HealthCheckReport, HealthLog } from './services/health/health-checks.ts'
export { createHealthService } from './services/health/health-service.ts'
export { HealthStatus, type HealthStatusOptions, type ServingStatus } from './services/health/health-status.ts'
export { createReflectionServices, type ReflectionOptions } from './services/reflection/reflection-services.ts'
export { accessLog } from './telemetry/access-log.ts'
export type {
  PrimaryLink,
  ProcessLink,
  RequestOptions,
  WorkerHandle,
  WorkerLink,
} from './workers/contracts/worker-link.ts'
