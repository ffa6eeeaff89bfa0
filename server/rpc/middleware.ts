/** Functions of a server besides its services, such as authentication, limits and telemetry, and what each does for a method. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { ConnectRouter, HandlerContext, Interceptor } from '@connectrpc/connect'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { CallObserver } from '../../wire/call-observer.ts'
import type { MetricSource } from '../../wire/telemetry/metrics/metric-registry.ts'
import type { WorkerLink } from '../workers/contracts/worker-link.ts'
import { type AdmissionControl, joinAdmissions } from './admission.ts'
import type { ApiFacts, CallerRules } from './api-facts.ts'
import { joinGates, type RequestGate } from './request-gate.ts'

/**
 * A function of the server. The option `middleware` lists them, outermost first. All parts are optional; a part that is not there
 * costs nothing.
 */
export interface Middleware {
  /** For errors and lists: `authenticate`. */
  readonly name: string
  /** Whether it applies to a method. Asked once per method, at start-up. Default: to all, the standard services too. */
  appliesTo?(method: DescMethod): boolean
  /** Refuses calls when their headers arrive, and follows the others to their end: limits of concurrency, shedding. Runs first. */
  readonly admission?: AdmissionControl
  /**
   * Runs after the headers and before the body is read or decoded. It may set context values and response headers; a ConnectError
   * that it throws is the response.
   */
  readonly requestGate?: RequestGate
  /** Wraps the handler, on decoded messages. */
  readonly interceptor?: Interceptor
  /** Observes every request that reaches the port, also those that are refused, whatever `appliesTo` says. */
  readonly observer?: CallObserver
  /** Values of its own for metrics, such as a limit that adapts: read when metrics are collected, at no other cost. */
  readonly metricSources?: readonly MetricSource[]
  /** Whom methods accept, for descriptions of the API. */
  readonly callers?: CallerRules
  /** Pages of its own on the port of the server, by what they show, as paths inside of its scope. */
  readonly pages?: ServerPages
  /** Services of its own, which are served beside those of the program: to manage the server, for example. */
  readonly services?: MiddlewareServices
  /**
   * Called once, before the port opens: to load files, to log what applies by default, to add routes and hooks. What it throws ends
   * the start-up.
   */
  prepare?(server: PreparedServer): void | Promise<void>
}

/** The paths of pages that a server may have. */
export interface ServerPages {
  /** Metrics, in the text format of Prometheus. */
  readonly metrics?: string
  /** The reference of the OpenAPI document. */
  readonly docs?: string
}

/** The services of a middleware. Each needs a gate of its own if not every caller may use it. */
export interface MiddlewareServices {
  /** Registers them, as with any Connect router. */
  routes(router: ConnectRouter): void
  /** Whether reflection shows them to a caller. */
  isVisibleTo(context: HandlerContext): boolean | Promise<boolean>
}

/** A server that is about to start. */
export interface PreparedServer {
  /** All methods that it serves, those of standard services included. */
  readonly methods: readonly DescMethod[]
  readonly log: Pick<FastifyBaseLogger, 'debug' | 'info' | 'warn' | 'error'>
  /** Where to add routes and hooks, such as `onClose`. Undefined for `nodeHandler`. */
  readonly app: FastifyInstance | undefined
  /** The names of the middleware that is listed after this one, and runs inside of it. */
  readonly inner: readonly string[]
  /** The values that the port and all middleware have for metrics. */
  readonly metricSources: readonly MetricSource[]
  /** What a description of the API says, besides the methods. */
  readonly api: ApiFacts
  /** The primary process, if this one is a worker: for what all workers share. */
  readonly worker?: WorkerLink | undefined
}

/** What the middleware of a server does for the calls of one method. */
export interface MethodMiddleware {
  /** Null for none. */
  readonly admission: AdmissionControl | null
  readonly requestGate: RequestGate | undefined
  /** The first is outermost. */
  readonly interceptors: readonly Interceptor[]
}

/** Joins the parts that apply to a method. */
export function middlewareFor(method: DescMethod, middleware: readonly Middleware[]): MethodMiddleware {
  const applied = middleware.filter((each) => each.appliesTo?.(method) ?? true)
  return {
    admission: joinAdmissions(definedOf(applied, ({ admission }) => admission)),
    requestGate: joinGates(definedOf(applied, ({ requestGate }) => requestGate)),
    interceptors: definedOf(applied, ({ interceptor }) => interceptor),
  }
}

/** The observers of a server's middleware. */
export function observersOf(middleware: readonly Middleware[]): readonly CallObserver[] {
  return definedOf(middleware, ({ observer }) => observer)
}

/** The values for metrics of a server's middleware. */
export function metricSourcesOf(middleware: readonly Middleware[]): readonly MetricSource[] {
  return definedOf(middleware, ({ metricSources }) => metricSources).flat()
}

/** The pages of a server's middleware. The first that has a page states it. */
export function pagesOf(middleware: readonly Middleware[]): ServerPages {
  return Object.assign({}, ...definedOf(middleware, ({ pages }) => pages).reverse())
}

function definedOf<T>(middleware: readonly Middleware[], partOf: (each: Middleware) => T | undefined): T[] {
  return middleware.map(partOf).filter((part) => part !== undefined)
}

const PARTS = {
  admission: 'object',
  requestGate: 'function',
  interceptor: 'function',
  observer: 'object',
  metricSources: 'object',
  callers: 'object',
  pages: 'object',
  services: 'object',
  appliesTo: 'function',
  prepare: 'function',
} as const

/** Returns a phrase for each fault in the option `middleware`. */
export function middlewareFaults(middleware: readonly unknown[]): string[] {
  return middleware.flatMap((each, index) => faultsOf(each).map((fault) => `middleware[${index}] ${fault}`))
}

function faultsOf(middleware: unknown): string[] {
  if (typeof middleware === 'function')
    return ['is a function: write it as { name, requestGate } or { name, interceptor }']
  if (typeof middleware !== 'object' || middleware === null)
    return [`is ${middleware === null ? 'null' : `a ${typeof middleware}`}: it must be an object`]
  const given = middleware as Readonly<Record<string, unknown>>
  if (typeof given.name !== 'string' || given.name === '') return ['has no name']
  return Object.entries(PARTS)
    .filter(([part, kind]) => given[part] !== undefined && typeof given[part] !== kind)
    .map(([part, kind]) => `(${given.name}): ${part} must be ${kind === 'object' ? 'an object' : 'a function'}`)
}

/** Prepares each in order, and logs for each method what applies to it, at level debug. */
export async function prepareMiddleware(
  middleware: readonly Middleware[],
  server: Omit<PreparedServer, 'inner'>,
): Promise<void> {
  const names = middleware.map(({ name }) => name)
  for (const [index, each] of middleware.entries()) await each.prepare?.({ ...server, inner: names.slice(index + 1) })
  if (middleware.length === 0) return
  for (const [names, methods] of methodsByChain(middleware, server.methods)) {
    server.log.debug({ middleware: names === '' ? [] : names.split(', '), methods }, 'middleware of methods')
  }
}

/** Paths of methods by the names of the middleware that applies to them, which are joined by commas. */
function methodsByChain(middleware: readonly Middleware[], methods: readonly DescMethod[]): Map<string, string[]> {
  const byChain = new Map<string, string[]>()
  for (const method of methods) {
    const applied = middleware.filter((each) => each.appliesTo?.(method) ?? true)
    const chain = applied.map(({ name }) => name).join(', ')
    const paths = byChain.get(chain) ?? []
    byChain.set(chain, [...paths, `${method.parent.typeName}/${method.name}`])
  }
  return byChain
}
