/** The native lane: answers requests on the port's own transports, from exchange to service. */
import type { DescMethod } from '@bufbuild/protobuf'
import { type EncodableField, ErrorCode, systemTimers, type TimerWheel } from '../../wire/http2/http2.ts'
import { type ErrorLog, guardLog } from '../interceptors/call-outcome.ts'
import { ObserverList } from '../observing/observer-list.ts'
import type { Call } from './call.ts'
import type { CallHost } from './call-host.ts'
import type { CollectedRoutes } from './collect-routes.ts'
import type { Cors } from './cors.ts'
import type { HeadSource } from './exchange/call-head.ts'
import type { CallerProtocol } from './exchange/caller-protocol.ts'
import type { Exchange } from './exchange/exchange.ts'
import { codeOfHttpStatus } from './exchange/refusal.ts'
import { ExchangeObservation, type ObservedHead } from './exchange-observation.ts'
import type { LaneOptions } from './lane.ts'
import { createMethodTable, type MethodEntry } from './method-table.ts'
import { type HeadPlan, Planner } from './planner.ts'
import type { ServerProtocol } from './protocols/server-protocol.ts'
import { StreamCall } from './stream-call.ts'
import { UnaryCall } from './unary-call.ts'
import { WaitingCalls } from './waiting-calls.ts'

/** What the native lane needs in addition to the options of every lane. */
export interface NativeLaneOptions extends LaneOptions {
  /** Receives unexpected errors. */
  readonly log: ErrorLog
  /** Stands before the path of every method. Default: none. */
  readonly prefix?: string
  /** Lets pages of other origins call. Default: CORS is off. */
  readonly cors?: Cors | undefined
  /** Whether the methods can be called over WebSockets, where the port has them. Default: false. */
  readonly hasWebSockets?: boolean
  /** Observe every request that the lane answers. Default: none, at no cost. */
  readonly observers?: ObserverList
  /** Runs deadlines. Default: the timers of the process. */
  readonly timers?: TimerWheel
}

/** A route of calls, for routers such as Fastify's. */
export interface LaneRoute {
  /**
   * `/package.Service/Method`, or the route of a protocol, in the syntax of Fastify; without the prefix of the lane.
   */
  readonly path: string
  /** The HTTP methods of its calls. */
  readonly verbs: readonly string[]
  /** Whether it is the path of a method, not the route of a protocol. */
  readonly isMethod: boolean
}

/** The protocol route that a request matches. */
export interface MatchedRoute {
  /** With the prefix of the lane. */
  readonly url: string
  /** The path with its variables and the prefix, for observers. */
  readonly template: string
  /** Whether it accepts the HTTP method of the request. */
  readonly hasVerb: boolean
}

/** Answers the calls of a port, or of a Fastify server without one. */
export interface NativeLane {
  /** The paths of all methods, with the prefix. */
  readonly paths: readonly string[]
  readonly routes: readonly LaneRoute[]
  /** In the order in which they are tried. */
  readonly protocols: readonly ServerProtocol[]
  readonly hasWebSockets: boolean
  /** Returns the fields that let a page of an origin read a response; undefined if CORS is off. */
  readonly corsFields: ((origin: string | undefined) => readonly EncodableField[]) | undefined
  /** Returns the protocol route that a request matches; undefined if there is none. */
  protocolRouteOf(head: HeadSource): MatchedRoute | undefined
  /** Returns the method that a request names, by its path or by a protocol route. */
  methodOf(head: HeadSource): DescMethod | undefined
  /** Answers any request. The lane owns the exchange from here on. */
  accept(exchange: Exchange): void
  /**
   * As `accept`, but only starts the deadline of a call: the caller runs it with `start`. Returns null if the request
   * was answered from its head alone.
   */
  open(exchange: Exchange): Call | null
  /** Logs an exception that our own code should not have thrown. Its stream has been reset. */
  onFault(error: unknown): void
}

/** Creates a lane. Everything that calls look up is prepared here. */
export function createNativeLane(routes: CollectedRoutes, options: NativeLaneOptions): NativeLane {
  const {
    prefix = '',
    cors,
    log,
    observers = new ObserverList(),
    timers = systemTimers,
    shutdownSignal,
    onCutShort = () => {},
    cutSignal,
  } = options
  const table = createMethodTable(routes, options)
  const { protocols } = options
  const planner = new Planner({ table, protocols, prefix, cors })
  const host: CallHost = Object.freeze({
    log: guardLog(log),
    timers,
    observers,
    shutdownSignal,
    onCutShort,
    waiting: new WaitingCalls(cutSignal),
  })
  return {
    paths: [...table.keys()].map((path) => prefix + path),
    routes: [
      ...[...table.values()].map((entry) => ({ path: entry.path, verbs: verbsOf(entry), isMethod: true })),
      ...planner.protocolRoutes.map(({ url, verbs }) => ({ path: url, verbs, isMethod: false })),
    ],
    protocols,
    hasWebSockets: options.hasWebSockets === true,
    corsFields: cors && ((origin) => cors.responseFields(origin)),
    protocolRouteOf(head) {
      const route = planner.protocolRouteOf(head)
      if (route === undefined) return undefined
      const { url, verbs } = route
      return { url: prefix + url, template: planner.templateOf(route), hasVerb: verbs.includes(head.method) }
    },
    methodOf: (head) => planner.methodOf(head),
    accept(exchange) {
      const call = open(exchange)
      call?.start()
      wait(call)
    },
    open(exchange) {
      const call = open(exchange)
      wait(call)
      return call
    },
    onFault,
  }

  /** Registers a call that is still open, and starts its deadline. Calls that end at once have neither, which keeps them cheap. */
  function wait(call: Call | null): void {
    if (call === null || call.isEnded) return
    host.waiting.add(call)
    call.startTimer()
  }

  function onFault(error: unknown): void {
    host.log.error({ err: error }, 'call failed with an internal error')
  }

  /** A fault in our own code ends this exchange only, and frees its slot on the connection. */
  function open(exchange: Exchange): Call | null {
    try {
      return answer(exchange, planner.plan(exchange.head, exchange.connection))
    } catch (fault) {
      onFault(fault)
      exchange.reset(ErrorCode.INTERNAL_ERROR)
      exchange.release()
      return null
    }
  }

  /** Starts a call, or sends the refusal of its head. */
  function answer(exchange: Exchange, headPlan: HeadPlan): Call | null {
    const plan = headPlan.call
    if (plan === null) {
      refuse(exchange, headPlan)
      return null
    }
    const planned = { headPlan, plan }
    const call =
      plan.entry.kind === 'unary' ? new UnaryCall(host, exchange, planned) : new StreamCall(host, exchange, planned)
    call.open()
    return call
  }

  function refuse(exchange: Exchange, { refusal, protocol }: HeadPlan): void {
    if (refusal === null) return
    const { head, body, code } = refusal
    const observer = observers.guarded
    const observation = observer && ExchangeObservation.start(observer, exchange, observedHead(exchange, protocol))
    try {
      // A response to HEAD has no body (RFC 9110 section 9.3.2): HTTP/2 clients treat one as a connection error.
      if (exchange.head.method === 'HEAD') exchange.respond(head, true)
      else exchange.reply(head, body, null)
    } catch (fault) {
      onFault(fault)
      exchange.reset(ErrorCode.INTERNAL_ERROR)
    }
    // A client of ordinary HTTP saw only the status, so the observed code is derived from it.
    const told = code !== undefined && protocol === undefined ? codeOfHttpStatus(head.status) : code
    observation?.onEnd({ code: told, error: null, receivedBytes: 0, endedAtMs: timers.clock.now() })
    exchange.release()
  }

  /** A request for a method in no recognised protocol counts as Connect, unless it is a preflight. */
  function observedHead({ head }: Exchange, protocol: CallerProtocol | undefined): ObservedHead {
    const method = planner.methodOf(head)
    const isCall = method !== undefined && head.method !== 'OPTIONS'
    const matched = protocol === undefined ? undefined : planner.protocolRouteOf(head)
    const route = matched && planner.templateOf(matched)
    return { protocol: protocol?.name ?? (isCall ? 'connect' : 'http'), method, route }
  }
}

/** All protocols of a method together, for routers that route by HTTP method. */
function verbsOf(entry: MethodEntry): readonly string[] {
  return [...new Set(entry.protocols.flatMap((protocol) => protocol.verbsOf(entry)))]
}
