/** Carries calls out, from exchange to service: the lane of the port's own transports. */
import { ErrorCode, systemTimers, type TimerWheel } from '../../wire/http2/http2.ts'
import { type ErrorLog, guardLog } from '../interceptors/guard-log.ts'
import { ObserverList } from '../observing/observer-list.ts'
import type { Call, CallHost } from './call.ts'
import type { Refusal } from './call-plan.ts'
import type { CollectedRoutes } from './collect-routes.ts'
import type { Cors } from './cors.ts'
import type { Exchange, ExchangeHead } from './exchange/exchange.ts'
import { ExchangeObservation, type ObservedHead } from './exchange-observation.ts'
import { readHeadFacts } from './head-facts.ts'
import type { LaneOptions } from './lane.ts'
import { createMethodTable } from './method-table.ts'
import { Planner, protocolOf } from './planner.ts'
import { StreamCall } from './stream-call.ts'
import { UnaryCall } from './unary-call.ts'

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

/** What a port calls. */
export interface NativeLane {
  /** The request targets, without query, of all methods. */
  readonly paths: readonly string[]
  /** Whether a request is for this lane: it names one of its methods, is written in an RPC protocol, or is not fine. */
  handles(head: ExchangeHead): boolean
  /** Answers a request, whatever it is. The exchange is the lane's from here on. */
  accept(exchange: Exchange): void
  /**
   * As `accept`, but a call only starts its deadline, and waits for its `start`. Null where the head alone was enough for an
   * answer.
   */
  open(exchange: Exchange): Call | null
}

/** Prepares everything that calls only look up. */
export function createNativeLane(routes: CollectedRoutes, options: NativeLaneOptions): NativeLane {
  const { prefix = '', cors, log, observers = new ObserverList(), timers = systemTimers } = options
  const table = createMethodTable(routes, options)
  const planner = new Planner({ table, prefix, cors })
  const host: CallHost = Object.freeze({ log: guardLog(log), timers, observers })
  return {
    paths: [...table.keys()].map((path) => prefix + path),
    handles(head) {
      if (planner.entryOf(head.path) !== undefined || head.verdict !== 'fine') return true
      return protocolOf(head, readHeadFacts(head.fields)) !== undefined
    },
    accept(exchange) {
      open(exchange)?.start()
    },
    open,
  }

  function open(exchange: Exchange): Call | null {
    const headPlan = planner.plan(exchange.head, exchange.connection)
    const plan = headPlan.call
    if (plan === null) {
      if (headPlan.refusal !== null) refuse(exchange, headPlan.refusal)
      return null
    }
    const planned = { headPlan, plan }
    const call =
      plan.entry.kind === 'unary' ? new UnaryCall(host, exchange, planned) : new StreamCall(host, exchange, planned)
    call.open()
    return call
  }

  function refuse(exchange: Exchange, { head, body, code }: Refusal): void {
    const observer = observers.guarded
    const observation = observer && ExchangeObservation.start(observer, exchange, refusedHead(exchange))
    try {
      // An answer to HEAD has no body (RFC 9110 section 9.3.2): an HTTP/2 client would take it for a fault of the connection.
      if (exchange.head.method === 'HEAD') exchange.respond(head, true)
      else exchange.reply(head, body, null)
    } catch (fault) {
      host.log.error({ err: fault }, 'a refusal cannot be sent')
      exchange.reset(ErrorCode.INTERNAL_ERROR)
    }
    observation?.onEnd({ code, error: null, receivedBytes: 0, endedAtMs: timers.clock.now() })
    exchange.release()
  }

  /** A request for the path of a method that shows no protocol is one of Connect, unless it is the preflight of a browser. */
  function refusedHead({ head }: Exchange): ObservedHead {
    const protocol = protocolOf(head, readHeadFacts(head.fields))?.replace(/-(unary|stream|text)$/, '')
    const method = planner.entryOf(head.path)?.method
    const isCall = method !== undefined && head.method !== 'OPTIONS'
    return { protocol: protocol ?? (isCall ? 'connect' : 'http'), method }
  }
}
