/** Concludes from a request's head how it is answered, once for each distinct head. */
import { Code, ConnectError } from '@connectrpc/connect'
import { parseAuthority } from '../../wire/authority.ts'
import { RequestVerdict } from '../../wire/http2/http2.ts'
import { type RpcProtocol, rpcProtocolOf } from '../../wire/rpc-protocol.ts'
import { type CallPlan, HeadPlan, NO_TIMEOUT, type Refusal } from './call-plan.ts'
import { CallPlans, type CallVariant } from './call-plans.ts'
import type { Cors } from './cors.ts'
import type { ExchangeConnection, ExchangeHead } from './exchange/exchange.ts'
import { type HeadFacts, readHeadFacts } from './head-facts.ts'
import { parseMediaType } from './media-type.ts'
import type { MethodEntry, MethodTable } from './method-table.ts'
import { queryOf } from './protocols/connect/query-reader.ts'
import * as refusals from './refusals.ts'

/** Authorities that were found right, of all clients together. */
const MAX_AUTHORITIES = 256

/** What a planner plans with. */
export interface PlannerOptions {
  readonly table: MethodTable
  /** Put before the path of every method; empty for none. */
  readonly prefix: string
  readonly cors: Cors | undefined
}

/** Plans of calls are few and shared; a head that is seen again costs one read of its slot. */
export class Planner {
  readonly #options: PlannerOptions
  readonly #plans: CallPlans
  readonly #authorities = new Set<string>()

  constructor(options: PlannerOptions) {
    this.#options = options
    this.#plans = new CallPlans(options.cors)
  }

  /** The method that a request target names, whatever else the request says. */
  entryOf(path: string): MethodEntry | undefined {
    const { table, prefix } = this.#options
    const mark = path.indexOf('?')
    const bare = mark < 0 ? path : path.slice(0, mark)
    if (prefix === '') return table.get(bare)
    return bare.startsWith(prefix) ? table.get(bare.slice(prefix.length)) : undefined
  }

  /** The plan for a head. */
  plan(head: ExchangeHead, connection: ExchangeConnection): HeadPlan {
    if (head.plan instanceof HeadPlan) return head.plan
    const plan = this.#conclude(head, connection)
    head.plan = plan
    return plan
  }

  #conclude(head: ExchangeHead, connection: ExchangeConnection): HeadPlan {
    const facts = readHeadFacts(head.fields)
    const entry = this.entryOf(head.path)
    const refusal = this.#refuseHead(head, facts)
    if (refusal !== undefined) return HeadPlan.ofRefusal(refusal)
    if (entry === undefined) return HeadPlan.ofRefusal(unserved(head, facts))
    const { cors } = this.#options
    if (head.method === 'OPTIONS' && cors !== undefined)
      return HeadPlan.ofRefusal(refusals.answerPreflight(cors, facts.origin))
    const fields = this.#plans.corsFields(facts.origin)
    if (entry.kind === 'bidi_streaming' && connection.httpVersion !== '2') {
      return HeadPlan.ofRefusal(refusals.refuseHttpVersion(fields))
    }
    if (head.method === 'GET' && refusals.isGettable(entry)) return this.#concludeGet(entry, head, facts)
    if (head.method !== 'POST') return HeadPlan.ofRefusal(refusals.refuseVerb(entry, fields))
    return this.#concludePost(entry, head, facts)
  }

  #refuseHead(head: ExchangeHead, facts: HeadFacts): Refusal | undefined {
    if (head.verdict !== RequestVerdict.FINE) return refusals.refuseVerdict(head.verdict, protocolOf(head, facts))
    if (this.#isAuthority(head.authority)) return undefined
    const init = { code: Code.Internal, message: 'the Host is malformed', httpStatus: 400 }
    return refusals.refuse({ protocol: protocolOf(head, facts), ...init })
  }

  /** Parsing costs more than a call may: authorities that were right once are remembered. */
  #isAuthority(text: string): boolean {
    if (this.#authorities.has(text)) return true
    if (parseAuthority(text) === undefined) return false
    if (this.#authorities.size >= MAX_AUTHORITIES) this.#authorities.clear()
    this.#authorities.add(text)
    return true
  }

  #concludePost(entry: MethodEntry, head: ExchangeHead, facts: HeadFacts): HeadPlan {
    const type = facts.contentType === undefined ? undefined : parseMediaType(facts.contentType)
    if (type === undefined || !refusals.acceptsMediaType(entry, type)) {
      return HeadPlan.ofRefusal(refusals.refuseMediaType(entry, this.#plans.corsFields(facts.origin)))
    }
    const isGrpc = type.protocol.startsWith('grpc')
    if (isGrpc && head.path.includes('?')) return HeadPlan.ofRefusal(unserved(head, facts))
    const variant = { entry, type, ...encodingsOf(type.protocol, facts), origin: facts.origin, isGet: false }
    const isVersionMissing = !isGrpc && entry.requiresConnectVersion && facts.connectVersion !== '1'
    return this.#planCall(
      variant,
      facts,
      isVersionMissing ? versionError('the header connect-protocol-version', '1') : null,
    )
  }

  #concludeGet(entry: MethodEntry, head: ExchangeHead, facts: HeadFacts): HeadPlan {
    const query = queryOf(head.path)
    const codec = query.get('encoding')
    if (codec !== 'proto' && codec !== 'json') {
      return HeadPlan.ofRefusal(refusals.refuseQuery(this.#plans.corsFields(facts.origin)))
    }
    const variant = {
      entry,
      type: { protocol: 'connect-unary', codec },
      requested: query.get('compression') ?? undefined,
      accepted: facts.acceptEncoding,
      origin: facts.origin,
      isGet: true,
    } as const
    const isVersionMissing = entry.requiresConnectVersion && query.get('connect') !== 'v1'
    return this.#planCall(variant, facts, isVersionMissing ? versionError('the parameter connect', 'v1') : null)
  }

  #planCall(variant: CallVariant, facts: HeadFacts, fault: ConnectError | null): HeadPlan {
    let error = fault
    let call: CallPlan
    try {
      call = this.#plans.get(variant)
    } catch (thrown) {
      error ??= ConnectError.from(thrown)
      call = this.#plans.get({ ...variant, requested: undefined })
    }
    if (facts.malformedBinary !== undefined) {
      error ??= new ConnectError(`${facts.malformedBinary}: the value is not base64`, Code.InvalidArgument)
    }
    const { timeoutHeader, parseTimeout } = call.protocol
    const stated = timeoutHeader === 'grpc-timeout' ? facts.grpcTimeout : facts.connectTimeout
    if (stated === undefined) return HeadPlan.ofCall(call, error, NO_TIMEOUT)
    const timeoutMs = parseTimeout(stated)
    if (timeoutMs !== undefined)
      return HeadPlan.ofCall(call, error, Math.min(timeoutMs, variant.entry.limits.maxTimeoutMs))
    error ??= new ConnectError(`${timeoutHeader}: not a timeout`, Code.InvalidArgument)
    return HeadPlan.ofCall(call, error, NO_TIMEOUT)
  }
}

/** The protocol that a request is written in, as far as its head alone tells; undefined for ordinary HTTP. */
export function protocolOf(head: ExchangeHead, facts: HeadFacts): RpcProtocol | undefined {
  const { contentType, connectVersion } = facts
  return rpcProtocolOf({ contentType, connectVersion, method: head.method, target: head.path })
}

/** Where the status is all that tells, it is the one that clients of Connect read as UNIMPLEMENTED. */
function unserved(head: ExchangeHead, facts: HeadFacts): Refusal {
  const protocol = protocolOf(head, facts)
  const path = head.path.split('?', 1)[0] ?? ''
  const { contentType } = facts
  const init = { protocol, contentType, code: Code.Unimplemented, message: `${path} is not implemented` }
  const isPlain = protocol === undefined || protocol === 'connect-unary'
  return refusals.refuse(isPlain ? { ...init, httpStatus: 404 } : init)
}

function encodingsOf(protocol: RpcProtocol, facts: HeadFacts): Pick<CallVariant, 'requested' | 'accepted'> {
  if (protocol === 'connect-unary') return { requested: facts.contentEncoding, accepted: facts.acceptEncoding }
  if (protocol === 'connect-stream') return { requested: facts.connectEncoding, accepted: facts.connectAcceptEncoding }
  return { requested: facts.grpcEncoding, accepted: facts.grpcAcceptEncoding }
}

function versionError(what: string, version: string): ConnectError {
  return new ConnectError(`${what} must be "${version}"`, Code.InvalidArgument)
}
