/** Carries calls out, from exchange to service: the lane of the port's own transports. */
import { ErrorCode, systemTimers, type TimerWheel } from '../../wire/http2/http2.ts'
import type { ErrorLog } from '../interceptors/call-outcome.ts'
import type { Call, CallEnd, CallHost } from './call.ts'
import type { CollectedRoutes } from './collect-routes.ts'
import type { Cors } from './cors.ts'
import type { HeadSource } from './exchange/call-head.ts'
import type { Exchange } from './exchange/exchange.ts'
import type { Refusal } from './exchange/refusal.ts'
import type { LaneOptions } from './lane.ts'
import { createMethodTable, type MethodEntry } from './method-table.ts'
import { Planner } from './planner.ts'
import type { ServerProtocol } from './protocols/server-protocol.ts'
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
  /** Told of every request once its response is complete or given up. Default: nobody, which costs nothing. */
  readonly onEnd?: ((end: CallEnd) => void) | undefined
  /** Deadlines. Default: those of the process. */
  readonly timers?: TimerWheel
}

/** A method, as those see it who have to route its calls. */
export interface LaneMethod {
  /** `/package.Service/Method`, without the prefix of the lane. */
  readonly path: string
  /** The HTTP verbs of its calls. */
  readonly verbs: readonly string[]
}

/** What a port calls. */
export interface NativeLane {
  /** The request targets, without query, of all methods. */
  readonly paths: readonly string[]
  readonly methods: readonly LaneMethod[]
  /** In the order in which they are asked. */
  readonly protocols: readonly ServerProtocol[]
  /** Whether a request names one of the methods, by its path or in a way of a protocol's own. */
  namesMethod(head: HeadSource): boolean
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
  const { prefix = '', cors, log, onEnd, timers = systemTimers } = options
  const table = createMethodTable(routes, options)
  const { protocols } = options
  const planner = new Planner({ table, protocols, prefix, cors })
  const host: CallHost = Object.freeze({ log, timers, onEnd })
  return {
    paths: [...table.keys()].map((path) => prefix + path),
    methods: [...table.values()].map((entry) => ({ path: entry.path, verbs: verbsOf(entry) })),
    protocols,
    namesMethod: (head) => planner.namesMethod(head),
    accept(exchange) {
      open(exchange)?.start()
    },
    open,
    onFault: (error) => log.error({ err: error }, 'a call broke off'),
  }

  function open(exchange: Exchange): Call | null {
    const headPlan = planner.plan(exchange.head, exchange.connection)
    const plan = headPlan.call
    if (plan === null) {
      if (headPlan.refusal !== null)
        answerRefusal(host, exchange, { refusal: headPlan.refusal, protocol: headPlan.protocol?.name })
      return null
    }
    const planned = { headPlan, plan }
    const call =
      plan.entry.kind === 'unary' ? new UnaryCall(host, exchange, planned) : new StreamCall(host, exchange, planned)
    call.open()
    return call
  }
}

function verbsOf(entry: MethodEntry): readonly string[] {
  return [...new Set(entry.protocols.flatMap((protocol) => protocol.verbsOf(entry)))]
}

function answerRefusal(
  host: CallHost,
  exchange: Exchange,
  { refusal: { head, body, code }, protocol }: { refusal: Refusal; protocol: string | undefined },
): void {
  const isHead = exchange.head.method === 'HEAD'
  try {
    // An answer to HEAD has no body (RFC 9110 section 9.3.2): an HTTP/2 client would take it for a fault of the connection.
    if (isHead) exchange.respond(head, true)
    else exchange.reply(head, body, null)
  } catch (fault) {
    host.log.error({ err: fault }, 'a refusal cannot be sent')
    exchange.reset(ErrorCode.INTERNAL_ERROR)
  }
  host.onEnd?.({
    exchange,
    protocol,
    code,
    httpStatus: head.status,
    receivedBytes: 0,
    sentBytes: isHead ? 0 : body.byteLength,
  })
  exchange.release()
}
