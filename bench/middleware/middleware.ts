/** The functions of a server whose cost is measured, by name. */
import { createHmac } from 'node:crypto'
import * as api from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import * as pino from 'pino'
import { authenticate } from '../../server/auth/authenticate.ts'
import { authorize } from '../../server/auth/authorize.ts'
import type { AuthorizationPolicy } from '../../server/auth/policy/authorization-policy.ts'
import { apiKeys, hashApiKey } from '../../server/auth/schemes/api-keys.ts'
import { jwt } from '../../server/auth/schemes/jwt/jwt.ts'
import type { Middleware } from '../../server/rpc/middleware.ts'
import { accessLog } from '../../server/telemetry/access-log.ts'
import { createLogger } from '../../server/telemetry/logger.ts'
import { metrics, otelMetrics } from '../../server/telemetry/metrics/metrics.ts'
import { telemetry } from '../../server/telemetry/telemetry.ts'
import { validate } from '../../server/validation/validate.ts'
import { OtelRecorder } from '../../test/support/otel-recorder.ts'

/** A function, as it is measured. */
export interface MeasuredMiddleware {
  readonly title: string
  /** The call that it applies to. */
  readonly call: 'greeting' | 'order'
  /** Header fields of the call, besides those of every call. */
  readonly headers?: Readonly<Record<string, string>>
  create(): readonly Middleware[]
}

/** A policy with rules by path, principal and header, of which the last allows the call. */
const POLICY: AuthorizationPolicy = {
  name: 'bench',
  deny_rules: [{ name: 'tenant', request: { headers: [{ key: 'x-tenant', values: ['test-*'] }] } }],
  allow_rules: [
    { name: 'clerks', source: { principals: ['spiffe://bench.example/*'] } },
    { name: 'greeter', request: { paths: ['/greeter.v1.GreeterService/*'] } },
  ],
}

const SECRET = 'a secret of 32 bytes for the bench'
const API_KEY = 'k-3f7b2c9e51d84a60'

/** A token that is valid until 2100. */
function createToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'HS256' })}.${part({ sub: 'bench', aud: 'bench', iss: 'bench', exp: 4_102_444_800 })}`
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
}

const BEARER = { authorization: `Bearer ${createToken()}` }

function authenticateTokens(tokenCacheMs?: number): readonly Middleware[] {
  const expected = { issuer: 'bench', audience: 'bench' }
  const cache = tokenCacheMs === undefined ? {} : { tokenCacheMs }
  return [authenticate({ schemes: [jwt({ algorithms: ['HS256'], secret: SECRET, ...expected, ...cache })] })]
}

/** The first is the server without any. */
export const MEASURED = {
  none: { title: 'none', call: 'greeting', create: () => [] },
  jwt: {
    title: '`authenticate`: a token that is remembered',
    call: 'greeting',
    headers: BEARER,
    create: () => authenticateTokens(),
  },
  'jwt-each': {
    title: '`authenticate`: a token verified for each call (HS256)',
    call: 'greeting',
    headers: BEARER,
    create: () => authenticateTokens(0),
  },
  'api-key': {
    title: '`authenticate`: an API key',
    call: 'greeting',
    headers: { 'x-api-key': API_KEY },
    create: () => [authenticate({ schemes: [apiKeys({ keys: [{ name: 'bench', hash: hashApiKey(API_KEY) }] })] })],
  },
  authorize: {
    title: '`authorize`: three rules, with a header and principals',
    call: 'greeting',
    create: () => [authorize({ policy: POLICY })],
  },
  'validate-unruled': { title: '`validate`: no rules', call: 'greeting', create: () => [validate()] },
  validate: { title: '`validate`: rules on four fields', call: 'order', create: () => [validate()] },
  log: { title: '`accessLog`: a line per call', call: 'greeting', create: () => [log()] },
  'metrics-rpc': {
    title: '`metrics`: OpenTelemetry names only',
    call: 'greeting',
    create: () => [metrics({ names: ['rpc'] })],
  },
  metrics: { title: '`metrics`', call: 'greeting', create: () => [metrics()] },
  'otel-metrics': {
    title: '`otelMetrics`: the same with the SDK of OpenTelemetry',
    call: 'greeting',
    create: () => [otelMetrics(new OtelRecorder().meter)],
  },
  'traces-1': { title: '`telemetry`: traces, 1 % sampled', call: 'greeting', create: () => [traces(0.01)] },
  'traces-100': { title: '`telemetry`: traces, all sampled', call: 'greeting', create: () => [traces(1)] },
  observed: {
    title: 'traces of 1 %, metrics and log together',
    call: 'greeting',
    create: () => [traces(0.01), metrics(), log()],
  },
  all: {
    title: 'the same, and a token that is remembered',
    call: 'greeting',
    headers: BEARER,
    create: () => [traces(0.01), metrics(), log(), ...authenticateTokens()],
  },
} satisfies Record<string, MeasuredMiddleware>

/** The same on grpc-go, with otelgrpc and golang-jwt, by the argument of its program. The first is the server without any. */
export const MEASURED_GRPC_GO = {
  none: { title: 'none' },
  jwt: { title: 'golang-jwt: a token verified for each call (HS256)', headers: BEARER },
  log: { title: 'slog: a line per call' },
  metrics: { title: 'otelgrpc: metrics, exported for Prometheus' },
  traces: { title: 'otelgrpc: traces, 1 % sampled' },
  all: { title: 'all of them together', headers: BEARER },
} satisfies Record<string, Pick<MeasuredMiddleware, 'title' | 'headers'>>

/** Names of {@link MEASURED}. */
export type MeasuredName = keyof typeof MEASURED

/** Lines go to the null device, formatted as they would be. */
function log(): Middleware {
  const logger = createLogger(pino, { level: 'info', format: 'json' }, pino.destination('/dev/null'))
  return { name: 'log', observer: accessLog(logger) }
}

/** Sampled spans are gathered as for an exporter, and dropped. */
function traces(ratio: number): Middleware {
  const exporter: SpanExporter = {
    export: (_spans, onResult) => onResult({ code: 0 }),
    shutdown: async () => {},
  }
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  api.trace.setGlobalTracerProvider(provider)
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  api.propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  return telemetry({ metrics: false })
}
