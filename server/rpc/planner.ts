/** Decides from a request's head how the request is answered, once per distinct head. */
import type { DescMethod } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { isBinaryMetadata } from '../../wire/base64.ts'
import type { Compression } from '../../wire/compression/compression.ts'
import { type EncodableField, isHost, isPrintableAuthority, RequestVerdict } from '../../wire/http2/http2.ts'
import { clipValue } from '../../wire/text/clip-text.ts'
import { acceptedCompression, requestCompression } from './call-compression.ts'
import { type CallPlan, createPlan, type PlanVariant } from './call-plan.ts'
import type { Cors } from './cors.ts'
import { CallHead, type HeadSource } from './exchange/call-head.ts'
import { type CallerProtocol, protocolOf, refuse, refuseUnserved } from './exchange/caller-protocol.ts'
import type { ExchangeConnection, ExchangeHead, RequestField } from './exchange/exchange.ts'
import { faultOfVerdict, HeadFault, type Refusal, type RequestFault, withCorsFields } from './exchange/refusal.ts'
import { type MethodEntry, type MethodTable, NO_TIMEOUT } from './method-table.ts'
import { type ProtocolMatch, ProtocolRouter } from './protocol-router.ts'
import type { ProtocolRoute, ServerProtocol } from './protocols/server-protocol.ts'
import {
  answerPreflight,
  refuseAsHttp,
  refuseInProtocol,
  type Shortfall,
  wrongHttpVersion,
  wrongMedia,
  wrongMediaType,
  wrongVerb,
} from './refusals.ts'

/** Accept-encoding values that are remembered per list of compressions: clients choose them, so they are bounded. */
const MAX_ACCEPTED = 256
const MAX_ACCEPTED_CHARS = 256

/** What a planner works with. */
export interface PlannerOptions {
  readonly table: MethodTable
  /** All protocols, in the order in which they are tried. */
  readonly protocols: readonly ServerProtocol[]
  /** Stands before the path of every method; empty for none. */
  readonly prefix: string
  /** Undefined: CORS is off. */
  readonly cors: Cors | undefined
}

/** The decision about one head: a call, or a refusal. Kept with the head, so requests that share the head share it. */
export class HeadPlan {
  /** Null where `refusal` is the whole answer. */
  readonly call: CallPlan | null
  readonly refusal: Refusal | null
  /** Undefined for ordinary HTTP. */
  readonly protocol: CallerProtocol | undefined
  /** A fault that only the call's own protocol can report, such as an unreadable timeout; null for none. */
  error: ConnectError | null = null
  /** The client's timeout, else that of the method, clamped to its limit; NO_TIMEOUT for none. */
  timeoutMs = NO_TIMEOUT

  constructor(call: CallPlan | null, refusal: Refusal | null, protocol: CallerProtocol | undefined) {
    this.call = call
    this.refusal = refusal
    this.protocol = protocol
  }
}

/** A request whose method is known. */
interface MethodRequest {
  readonly entry: MethodEntry
  /** The protocols that the request may be in, in the order in which they are tried. */
  readonly protocols: readonly ServerProtocol[]
  /** The route of its only possible protocol; null for the path that a method has in every protocol. */
  readonly route: ProtocolRoute | null
  readonly head: CallHead
  /** Let pages of the caller's origin read the answer; the same list for all callers of an origin. */
  readonly corsFields: readonly EncodableField[]
}

/**
 * Plans requests. Call plans are few and shared, and a head that has been seen before costs one read of its `plan` slot, so
 * everything here runs only for new heads.
 */
export class Planner {
  readonly #options: PlannerOptions
  readonly #router: ProtocolRouter
  readonly #plans = new Map<MethodEntry, Map<readonly EncodableField[], CallPlan[]>>()
  readonly #accepted = new Map<readonly Compression[], Map<string, Compression | null>>()

  constructor(options: PlannerOptions) {
    this.#options = options
    this.#router = new ProtocolRouter(options.table, options.protocols, options.prefix)
  }

  /** Returns the method that a request names, even if the request is invalid otherwise; undefined if it names none. */
  methodOf(head: HeadSource): DescMethod | undefined {
    return this.#entryAt(head.path)?.method ?? this.#matchRoute(head)?.entry.method
  }

  /** The routes that lead to methods in one protocol only. */
  get protocolRoutes(): readonly ProtocolRoute[] {
    return this.#router.routes
  }

  /** Returns the protocol route that a request matches; undefined if there is none, and for the paths of methods, which take precedence. */
  protocolRouteOf(head: HeadSource): ProtocolRoute | undefined {
    return this.#entryAt(head.path) === undefined ? this.#matchRoute(head)?.route : undefined
  }

  /** Returns the path of a route as observers see it: with its variables and the prefix. */
  templateOf({ template, url }: ProtocolRoute): string {
    return this.#options.prefix + (template ?? url)
  }

  /** Returns the plan for a head, which is made on the first request with that head. */
  plan(head: ExchangeHead, connection: ExchangeConnection): HeadPlan {
    if (head.plan instanceof HeadPlan) return head.plan
    const plan = planLike(head) ?? this.#createPlan(head, connection)
    const { kind } = head
    if (kind != null && kind.plan === undefined && isSharedByKind(plan)) kind.plan = plan
    head.plan = plan
    return plan
  }

  #createPlan(source: ExchangeHead, { httpVersion, isFullDuplex = httpVersion === '2' }: ExchangeConnection): HeadPlan {
    const head = new CallHead(source)
    const fault = this.#faultOf(source, head, httpVersion)
    const request = this.#findMethod(source, head)
    const { cors } = this.#options
    const isPreflight = cors !== undefined && isPreflightFor(request, head)
    if (fault !== undefined || request === undefined) {
      const protocol = protocolOf(this.#options.protocols, head, request?.route === null)
      if (fault === undefined && isPreflight) return this.#answerPreflight(cors, head, undefined)
      const refusal = fault === undefined ? refuseUnserved(protocol, head) : refuse(protocol, head, fault)
      return new HeadPlan(null, withCorsFields(refusal, this.#corsFields(head), fault), protocol)
    }
    if (isPreflight) return this.#answerPreflight(cors, head, request.route === null ? undefined : source)
    const isServed = request.route === null || request.route.verbs.includes(head.method)
    if (isServed && !isFullDuplex && needsHttp2(request)) {
      return this.#refuse(request, wrongHttpVersion())
    }
    return this.#readHead(request, source.fields)
  }

  /** @param routed the head of a preflight for a protocol route, which allows the HTTP methods of its path */
  #answerPreflight(cors: Cors, head: CallHead, routed: HeadSource | undefined): HeadPlan {
    const method = head.get(PREFLIGHT_METHOD) ?? ''
    const verbs = routed && this.#matchRoute({ ...routed, method })?.route.verbs
    return new HeadPlan(null, answerPreflight(cors, head.get('origin'), verbs), undefined)
  }

  #corsFields(head: CallHead): readonly EncodableField[] {
    return this.#options.cors?.responseFields(head.get('origin')) ?? NO_FIELDS
  }

  /** Returns what makes a head invalid in any protocol. */
  #faultOf(
    { verdict, authority }: ExchangeHead,
    { contentTypes }: CallHead,
    httpVersion: ExchangeConnection['httpVersion'],
  ): RequestFault | undefined {
    if (verdict !== RequestVerdict.FINE) return faultOfVerdict(verdict)
    const isValid = httpVersion === '2' ? isPrintableAuthority(authority) : isHost(authority)
    if (!isValid) return HeadFault.MALFORMED_HOST
    return contentTypes > 1 ? HeadFault.MORE_CONTENT_TYPES : undefined
  }

  #findMethod(source: ExchangeHead, head: CallHead): MethodRequest | undefined {
    const corsFields = this.#corsFields(head)
    const entry = this.#entryAt(source.path)
    if (entry !== undefined) return { entry, protocols: entry.protocols, route: null, head, corsFields }
    const match = this.#matchRoute(source)
    return match && { entry: match.entry, protocols: [match.protocol], route: match.route, head, corsFields }
  }

  #matchRoute({ method, path, fields }: HeadSource): ProtocolMatch | undefined {
    const bare = this.#withoutPrefix(path)
    return bare === undefined ? undefined : this.#router.match({ method, path: bare, fields })
  }

  #entryAt(path: string): MethodEntry | undefined {
    const mark = path.indexOf('?')
    const bare = this.#withoutPrefix(mark < 0 ? path : path.slice(0, mark))
    return bare === undefined ? undefined : this.#options.table.get(bare)
  }

  #withoutPrefix(path: string): string | undefined {
    const { prefix } = this.#options
    if (prefix === '') return path
    return path.startsWith(prefix) ? path.slice(prefix.length) : undefined
  }

  /** Plans a call in the first protocol that accepts the head, or refuses with the nearest miss: media type before verb. */
  #readHead(request: MethodRequest, fields: readonly RequestField[]): HeadPlan {
    const { entry, protocols, route, head } = request
    let hasVerb = false
    for (const protocol of protocols) {
      const verbs = route?.verbs ?? protocol.verbsOf(entry)
      if (!verbs.includes(head.method)) continue
      hasVerb = true
      const reading = protocol.read(head, entry, route)
      if (typeof reading === 'string') return this.#refuse(request, wrongMedia(reading))
      if (reading !== null) return this.#planCall(request, { protocol, reading }, fields)
    }
    const named = route === null ? protocols.filter((protocol) => protocol.verbsOf(entry).length > 0) : protocols
    if (hasVerb) return this.#refuse(request, wrongMediaType(named))
    return this.#refuse(request, wrongVerb(route?.verbs ?? named.flatMap((protocol) => protocol.verbsOf(entry))))
  }

  #refuse({ route, protocols: [own], head, corsFields }: MethodRequest, shortfall: Shortfall): HeadPlan {
    if (route !== null && own !== undefined) {
      return new HeadPlan(null, withCorsFields(refuseInProtocol(own, head, shortfall), corsFields), own)
    }
    const protocol = protocolOf(this.#options.protocols, head, true)
    return new HeadPlan(null, refuseAsHttp(shortfall, corsFields), protocol)
  }

  /** A fault in the compression, metadata or timeout becomes the error of the call, in the call's own protocol. */
  #planCall(
    request: MethodRequest,
    { protocol, reading }: Pick<PlanVariant, 'protocol' | 'reading'>,
    fields: readonly RequestField[],
  ): HeadPlan {
    const { entry, head } = request
    const { compression } = protocol
    let { error } = reading
    let inflating: Compression | null = null
    let timeoutMs = NO_TIMEOUT
    try {
      if (compression !== null && reading.encoding !== undefined) {
        inflating = requestCompression(entry.compressions, reading.encoding, compression.acceptHeader)
      }
      checkBinaryMetadata(fields)
      timeoutMs = timeoutOf(protocol, head, entry)
    } catch (thrown) {
      error ??= ConnectError.from(thrown)
    }
    const accepted = compression === null ? undefined : head.list(compression.acceptHeader)
    const response = this.#negotiate(accepted, entry.compressions, inflating)
    const plan = new HeadPlan(
      this.#planOf(request, { protocol, reading, request: inflating, response }),
      null,
      protocol,
    )
    plan.error = error
    plan.timeoutMs = timeoutMs
    return plan
  }

  /** Chooses the compression of the response. A client that states no preference gets the encoding of its request. */
  #negotiate(
    list: string | undefined,
    compressions: readonly Compression[],
    request: Compression | null,
  ): Compression | null {
    if (list === undefined || list.trim() === '') return request
    const known = getOrInsert(this.#accepted, compressions, () => new Map<string, Compression | null>())
    let found = known.get(list)
    if (found === undefined) {
      found = acceptedCompression(compressions, list)
      if (known.size >= MAX_ACCEPTED) known.clear()
      if (list.length <= MAX_ACCEPTED_CHARS) known.set(list, found)
    }
    return found
  }

  /**
   * Returns the shared plan, or creates it. The number of plans is bounded by the configuration: each part of the key is one of a fixed
   * set, never a string that clients choose. Origins that only a pattern or a function allows are not in such a set, so their plans are
   * not kept.
   */
  #planOf({ entry, head, corsFields, route: matched }: MethodRequest, variant: PlanVariant): CallPlan {
    const { protocol, reading, request, response } = variant
    const verb = head.method
    const route = matched === null ? undefined : this.templateOf(matched)
    const isShared = this.#options.cors?.isFixed(corsFields) !== false
    const scope = { verb, corsFields, isShared, route }
    if (!isShared) return createPlan(entry, variant, scope)
    const ofEntry = getOrInsert(this.#plans, entry, () => new Map<readonly EncodableField[], CallPlan[]>())
    const known = getOrInsert(ofEntry, corsFields, (): CallPlan[] => [])
    for (const plan of known) {
      const isSameRoute = plan.protocol === protocol && plan.route === route && plan.verb === verb
      const isSameCall = isSameRoute && plan.codec === reading.codec
      if (isSameCall && plan.reading.compression === request && plan.responseCompression === response) return plan
    }
    const plan = createPlan(entry, variant, scope)
    known.push(plan)
    return plan
  }
}

/** Returns the plan of a head whose kind has one, which differs only in its timeout; undefined without one. */
function planLike(head: ExchangeHead): HeadPlan | undefined {
  const model = head.kind?.plan
  if (!(model instanceof HeadPlan) || model.call === null) return undefined
  const { protocol, entry } = model.call
  const plan = new HeadPlan(model.call, null, protocol)
  try {
    plan.timeoutMs = timeoutOf(protocol, new CallHead(head), entry)
  } catch (thrown) {
    plan.error = ConnectError.from(thrown)
  }
  return plan
}

/** Whether the plan of a head is that of all heads of its kind, but for the timeout. */
function isSharedByKind({ call, error }: HeadPlan): boolean {
  return error === null && call?.protocol.plansByKind === true && call.route === undefined
}

/** @throws ConnectError INVALID_ARGUMENT for an invalid timeout */
function timeoutOf(protocol: ServerProtocol, head: CallHead, { limits }: MethodEntry): number {
  return Math.min(protocol.timeoutMsOf(head) ?? limits.defaultTimeoutMs, limits.maxTimeoutMs)
}

const NO_FIELDS: readonly EncodableField[] = []

/** What every preflight states (Fetch standard, section 3.2.2). */
const PREFLIGHT_METHOD = 'access-control-request-method'

/** Whether a request is a preflight. A route may have OPTIONS for another purpose. */
function isPreflightFor(request: MethodRequest | undefined, head: CallHead): boolean {
  if (head.method !== 'OPTIONS') return false
  return request?.route?.verbs.includes('OPTIONS') !== true || head.get(PREFLIGHT_METHOD) !== undefined
}

/** @throws ConnectError INVALID_ARGUMENT that names the field */
function checkBinaryMetadata(fields: readonly RequestField[]): void {
  for (const { name, value } of fields) {
    if (name.endsWith('-bin') && !isBinaryMetadata(value)) {
      throw new ConnectError(`${clipValue(name)}: value is not valid base64`, Code.InvalidArgument)
    }
  }
}

function getOrInsert<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = create()
    map.set(key, value)
  }
  return value
}

function needsHttp2({ entry, protocols }: MethodRequest): boolean {
  return entry.kind === 'bidi_streaming' && !protocols.every(({ isHalfDuplex = false }) => isHalfDuplex)
}
