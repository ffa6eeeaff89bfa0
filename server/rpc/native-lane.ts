/** Carries calls out, from exchange to service: the lane of the port's own transports. */
import type { DescMethod } from '@bufbuild/protobuf'
import { type EncodableField, ErrorCode, systemTimers, type TimerWheel } from '../../wire/http2/http2.ts'
import { type ErrorLog, guardLog } from '../interceptors/call-outcome.ts'
import { ObserverList } from '../observing/observer-list.ts'
import type { Call, CallHost } from './call.ts'
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

/** What a native lane needs beside what every lane does. */
export interface NativeLaneOptions extends LaneOptions {
  /** Where faults of handlers go. */
  readonly log: ErrorLog
  /** Put before the path of every method. Default: none. */
  readonly prefix?: string
  /** Lets pages of other origins call. Default: none may. */
  readonly cors?: Cors | undefined
  /** Receive every request that the lane answers. Default: none, which costs nothing. */
  readonly observers?: ObserverList
  /** Deadlines. Default: those of the process. */
  readonly timers?: TimerWheel
}

/** A path of calls, for those who have to route them. */
export interface LaneRoute {
  /** `/package.Service/Method`, or what a protocol of its own has, as Fastify writes routes; without the prefix of the lane. */
  readonly path: string
  /** The HTTP verbs of its calls. */
  readonly verbs: readonly string[]
}

/** What a port calls. */
export interface NativeLane {
  /** The request targets, without query, of all methods. */
  readonly paths: readonly string[]
  readonly routes: readonly LaneRoute[]
  /** In the order in which they are asked. */
  readonly protocols: readonly ServerProtocol[]
  /** Fields by which pages of other origins may read an answer; undefined: no pages may call. */
  readonly corsFields: ((origin: string | undefined) => readonly EncodableField[]) | undefined
  /** The route that a request takes to a method in a way of a protocol's own, with the prefix; undefined: it takes none. */
  protocolRouteOf(head: HeadSource): string | undefined
  /** The method that a request names, by its path or in a way of a protocol's own. */
  methodOf(head: HeadSource): DescMethod | undefined
  /** Answers a request, whatever it is. The exchange is the lane's from here on. */
  accept(exchange: Exchange): void
  /**
   * As `accept`, but a call only starts its deadline, and waits for its `start`. Null where the head alone was enough for an
   * answer.
   */
  open(exchange: Exchange): Call | null
  /** Something threw that must not; its stream was reset. For the log. */
  onFault(error: unknown): void
}

/** Prepares everything that calls only look up. */
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
      ...[...table.values()].map((entry) => ({ path: entry.path, verbs: verbsOf(entry) })),
      ...planner.protocolRoutes.map(({ url, verbs }) => ({ path: url, verbs })),
    ],
    protocols,
    corsFields: cors && ((origin) => cors.responseFields(origin)),
    protocolRouteOf(head) {
      const route = planner.protocolRouteOf(head)
      return route && prefix + route.url
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

  function wait(call: Call | null): void {
    if (call !== null && !call.isEnded) host.waiting.add(call)
  }

  function onFault(error: unknown): void {
    host.log.error({ err: error }, 'a call broke off')
  }

  /** A fault of our own ends the one exchange, and gives back its place among those that run. */
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
      // An answer to HEAD has no body (RFC 9110 section 9.3.2): an HTTP/2 client would take it for a fault of the connection.
      if (exchange.head.method === 'HEAD') exchange.respond(head, true)
      else exchange.reply(head, body, null)
    } catch (fault) {
      onFault(fault)
      exchange.reset(ErrorCode.INTERNAL_ERROR)
    }
    // Of HTTP the status is all that its caller was told.
    const told = code !== undefined && protocol === undefined ? codeOfHttpStatus(head.status) : code
    observation?.onEnd({ code: told, error: null, receivedBytes: 0, endedAtMs: timers.clock.now() })
    exchange.release()
  }

  /** A request for a method that shows no protocol is one of Connect, unless it is the preflight of a browser. */
  function observedHead({ head }: Exchange, protocol: CallerProtocol | undefined): ObservedHead {
    const method = planner.methodOf(head)
    const isCall = method !== undefined && head.method !== 'OPTIONS'
    return { protocol: protocol?.name ?? (isCall ? 'connect' : 'http'), method }
  }
}

function verbsOf(entry: MethodEntry): readonly string[] {
  return [...new Set(entry.protocols.flatMap((protocol) => protocol.verbsOf(entry)))]
}
