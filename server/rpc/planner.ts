/** Concludes from a request's head how it is answered, once for each distinct head. */
import type { DescMethod } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { isBinaryMetadata } from '../../wire/base64.ts'
import type { Compression } from '../../wire/compression/compression.ts'
import { type EncodableField, isPrintableAuthority, parseAuthority, RequestVerdict } from '../../wire/http2/http2.ts'
import { clipValue } from '../../wire/text/clip-text.ts'
import type { Cors } from './cors.ts'
import { CallHead, type HeadSource } from './exchange/call-head.ts'
import { type CallerProtocol, protocolOf, refuse, refuseUnserved } from './exchange/caller-protocol.ts'
import type { ExchangeConnection, ExchangeHead, RequestField } from './exchange/exchange.ts'
import { faultOfVerdict, HeadFault, type Refusal, type RequestFault, withCorsFields } from './exchange/refusal.ts'
import { ResponseBlock } from './exchange/response-block.ts'
import type { MethodEntry, MethodTable } from './method-table.ts'
import { acceptedCompression, requestCompression } from './negotiate-compression.ts'
import {
  type HeadReading,
  type OwnRoute,
  type OwnRoutes,
  type ProtocolPlan,
  type ServerProtocol,
  successFields,
} from './protocols/server-protocol.ts'
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

/** Authorities that were found right, of all clients together. */
const MAX_AUTHORITIES = 256

/** Lists of encodings that are remembered for a list of compressions: clients choose them, so they are bounded. */
const MAX_ACCEPTED = 256
const MAX_ACCEPTED_CHARS = 256

/** The timeout of a call that states none. */
export const NO_TIMEOUT = -1

/** Only GET answers are kept by caches (RFC 9110 section 12.5.5). */
const VARY_ENCODING: EncodableField = { name: 'vary', value: 'accept-encoding' }
/** GET answers are for the caller alone, unless the service says otherwise. */
const NO_STORE: EncodableField = { name: 'cache-control', value: 'no-store' }

/** What a planner plans with. */
export interface PlannerOptions {
  readonly table: MethodTable
  /** All protocols, in the order in which they are asked. */
  readonly protocols: readonly ServerProtocol[]
  /** Put before the path of every method; empty for none. */
  readonly prefix: string
  readonly cors: Cors | undefined
}

/** How calls of a method are answered that have the same protocol, codec, verb, encodings and origin. Shared by them, and frozen. */
export interface CallPlan extends ProtocolPlan {
  readonly entry: MethodEntry
  /** The verb of the requests. */
  readonly verb: string
  /** What messages to the client are compressed with, if they are long enough. */
  readonly responseCompression: Compression | null
}

/** What a head says: a call, or why there is none. Kept with the head. */
export class HeadPlan {
  /** The call; null where `refusal` is the whole answer. */
  readonly call: CallPlan | null
  readonly refusal: Refusal | null
  /** The caller's; undefined for ordinary HTTP. */
  readonly protocol: CallerProtocol | undefined
  /** A fault of the head to be answered in the protocol of the call; null for none. */
  error: ConnectError | null = null
  /** The deadline that the client states, within the limit of the method; -1 for none. */
  timeoutMs = NO_TIMEOUT

  constructor(call: CallPlan | null, refusal: Refusal | null, protocol: CallerProtocol | undefined) {
    this.call = call
    this.refusal = refusal
    this.protocol = protocol
  }
}

/** A request for a method. */
interface Asked {
  readonly entry: MethodEntry
  /** Those that it may be in, in the order in which they are asked. */
  readonly protocols: readonly ServerProtocol[]
  /** The route of its only protocol's own that was taken; null: the path that a method has in all. */
  readonly route: OwnRoute | null
  readonly head: CallHead
  /** By which pages of the caller's origin may read the answer; one list for all callers of an origin. */
  readonly corsFields: readonly EncodableField[]
}

/** What a call's plan depends on. */
interface PlanVariant {
  readonly protocol: ServerProtocol
  readonly reading: HeadReading
  readonly request: Compression | null
  readonly response: Compression | null
}

/** Paths that only one protocol gives to methods. */
interface RoutesOfProtocol {
  readonly routes: OwnRoutes
  readonly own: ServerProtocol
}

/** Plans of calls are few and shared; a head that is seen again costs one read of its slot. */
export class Planner {
  readonly #options: PlannerOptions
  readonly #routes: readonly RoutesOfProtocol[]
  readonly #authorities = new Set<string>()
  readonly #plans = new Map<MethodEntry, Map<readonly EncodableField[], CallPlan[]>>()
  readonly #accepted = new Map<readonly Compression[], Map<string, Compression | null>>()

  constructor(options: PlannerOptions) {
    this.#options = options
    this.#routes = options.protocols.flatMap((protocol) => routesOf(protocol, options))
  }

  /** The method that a request names, whatever else it says; undefined if it names none. */
  methodOf(head: HeadSource): DescMethod | undefined {
    return this.#entryAt(head.path)?.method ?? this.ownRouteOf(head)?.method.method
  }

  /** The routes of methods that only one protocol has. */
  get ownRoutes(): readonly OwnRoute[] {
    return this.#routes.flatMap(({ routes }) => routes.all)
  }

  /** The one that a request takes; undefined: none. */
  ownRouteOf(head: HeadSource): OwnRoute | undefined {
    return this.#findOwn(head)?.route
  }

  /** The plan for a head. */
  plan(head: ExchangeHead, connection: ExchangeConnection): HeadPlan {
    if (head.plan instanceof HeadPlan) return head.plan
    const plan = this.#conclude(head, connection)
    head.plan = plan
    return plan
  }

  #conclude(source: ExchangeHead, { httpVersion }: ExchangeConnection): HeadPlan {
    const head = new CallHead(source)
    const fault = this.#faultOf(source, head, httpVersion)
    const asked = this.#ask(source, head)
    const { cors } = this.#options
    const isPreflight = head.method === 'OPTIONS' && cors !== undefined
    if (fault !== undefined || asked === undefined) {
      const protocol = protocolOf(this.#options.protocols, head, asked !== undefined)
      if (fault === undefined && isPreflight) return this.#answerPreflight(cors, head)
      const refusal = fault === undefined ? refuseUnserved(protocol, head) : refuse(protocol, head, fault)
      return new HeadPlan(null, withCorsFields(refusal, this.#corsFields(head), fault), protocol)
    }
    if (isPreflight) return this.#answerPreflight(cors, head)
    if (asked.entry.kind === 'bidi_streaming' && httpVersion !== '2') {
      return this.#refuse(asked, wrongHttpVersion())
    }
    return this.#read(asked, source.fields)
  }

  #answerPreflight(cors: Cors, head: CallHead): HeadPlan {
    return new HeadPlan(null, answerPreflight(cors, head.get('origin')), undefined)
  }

  #corsFields(head: CallHead): readonly EncodableField[] {
    return this.#options.cors?.responseFields(head.get('origin')) ?? NO_FIELDS
  }

  /** What is wrong with a head, whatever protocol it is in. */
  #faultOf(
    { verdict, authority }: ExchangeHead,
    { contentTypes }: CallHead,
    httpVersion: ExchangeConnection['httpVersion'],
  ): RequestFault | undefined {
    if (verdict !== RequestVerdict.FINE) return faultOfVerdict(verdict)
    const isFine = httpVersion === '2' ? isPrintableAuthority(authority) : this.#isHost(authority)
    if (!isFine) return HeadFault.MALFORMED_HOST
    return contentTypes > 1 ? HeadFault.MORE_CONTENT_TYPES : undefined
  }

  /** Of HTTP/1.1, which may be empty. Parsing costs more than a call may: hosts that were right once are remembered. */
  #isHost(text: string): boolean {
    if (text === '' || this.#authorities.has(text)) return true
    if (parseAuthority(text) === undefined) return false
    if (this.#authorities.size >= MAX_AUTHORITIES) this.#authorities.clear()
    this.#authorities.add(text)
    return true
  }

  #ask(source: ExchangeHead, head: CallHead): Asked | undefined {
    const corsFields = this.#corsFields(head)
    const entry = this.#entryAt(source.path)
    if (entry !== undefined) return { entry, protocols: entry.protocols, route: null, head, corsFields }
    const found = this.#findOwn(source)
    const owned = found && this.#options.table.get(found.route.method.path)
    return found && owned && { entry: owned, protocols: [found.own], route: found.route, head, corsFields }
  }

  #findOwn(source: HeadSource): { readonly route: OwnRoute; readonly own: ServerProtocol } | undefined {
    if (this.#routes.length === 0) return undefined
    const path = this.#withoutPrefix(source.path)
    if (path === undefined) return undefined
    const { method, fields } = source
    for (const { routes, own } of this.#routes) {
      const route = routes.find({ method, path, fields })
      if (route !== undefined) return { route, own }
    }
    return undefined
  }

  /** The method that stands at a path, whatever the protocol. */
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

  /** The first protocol that takes the head decides. */
  #read(asked: Asked, fields: readonly RequestField[]): HeadPlan {
    const { entry, protocols, route, head } = asked
    let hasVerb = false
    for (const protocol of protocols) {
      if (!protocol.verbsOf(entry).includes(head.method)) continue
      hasVerb = true
      const reading = protocol.read(head, entry, route)
      if (typeof reading === 'string') return this.#refuse(asked, wrongMedia(reading))
      if (reading !== null) return this.#planCall(asked, { protocol, reading }, fields)
    }
    return this.#refuse(asked, hasVerb ? wrongMediaType(protocols) : wrongVerb(entry, protocols))
  }

  #refuse({ route, protocols: [own], head, corsFields }: Asked, shortfall: Shortfall): HeadPlan {
    if (route !== null && own !== undefined) {
      return new HeadPlan(null, withCorsFields(refuseInProtocol(own, head, shortfall), corsFields), own)
    }
    const protocol = protocolOf(this.#options.protocols, head, true)
    return new HeadPlan(null, refuseAsHttp(shortfall, corsFields), protocol)
  }

  #planCall(
    asked: Asked,
    { protocol, reading }: Pick<PlanVariant, 'protocol' | 'reading'>,
    fields: readonly RequestField[],
  ): HeadPlan {
    const { entry, head } = asked
    const { compression } = protocol
    let { error } = reading
    let request: Compression | null = null
    let timeoutMs = NO_TIMEOUT
    try {
      if (compression !== null && reading.encoding !== undefined) {
        request = requestCompression(entry.compressions, reading.encoding, compression.acceptHeader)
      }
      checkBinaryMetadata(fields)
      timeoutMs = Math.min(protocol.timeoutMsOf(head) ?? NO_TIMEOUT, entry.limits.maxTimeoutMs)
    } catch (thrown) {
      error ??= ConnectError.from(thrown)
    }
    const accepted = compression === null ? undefined : head.list(compression.acceptHeader)
    const response = this.#acceptedBy(accepted, entry.compressions, request)
    const plan = new HeadPlan(this.#planOf(asked, { protocol, reading, request, response }), null, protocol)
    plan.error = error
    plan.timeoutMs = timeoutMs
    return plan
  }

  /** A client that accepts nothing in particular gets what it sent itself. */
  #acceptedBy(
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

  /** Looked up by what it depends on, of which nothing is a client's invention: never by a text that clients choose. */
  #planOf({ entry, head, corsFields }: Asked, variant: PlanVariant): CallPlan {
    const { protocol, reading, request, response } = variant
    const ofEntry = getOrInsert(this.#plans, entry, () => new Map<readonly EncodableField[], CallPlan[]>())
    const known = getOrInsert(ofEntry, corsFields, (): CallPlan[] => [])
    for (const plan of known) {
      const isSameCall = plan.protocol === protocol && plan.codec === reading.codec && plan.verb === head.method
      if (isSameCall && plan.reading.compression === request && plan.responseCompression === response) return plan
    }
    const plan = createPlan(entry, variant, { verb: head.method, corsFields })
    known.push(plan)
    return plan
  }
}

const NO_FIELDS: readonly EncodableField[] = []

function routesOf(protocol: ServerProtocol, { table }: PlannerOptions): RoutesOfProtocol[] {
  if (protocol.createRoutes === undefined) return []
  const methods = [...table.values()].filter(({ protocols }) => protocols.includes(protocol))
  return [{ routes: protocol.createRoutes(methods), own: protocol }]
}

/** @throws ConnectError INVALID_ARGUMENT that names the field */
function checkBinaryMetadata(fields: readonly RequestField[]): void {
  for (const { name, value } of fields) {
    if (name.endsWith('-bin') && !isBinaryMetadata(value)) {
      throw new ConnectError(`${clipValue(name)}: the value is not base64`, Code.InvalidArgument)
    }
  }
}

function createPlan(
  entry: MethodEntry,
  { protocol, reading: { codec }, request, response }: PlanVariant,
  { verb, corsFields }: { verb: string; corsFields: readonly EncodableField[] },
): CallPlan {
  const isSingle = entry.kind === 'unary' || entry.kind === 'server_streaming'
  const isVaried = protocol.compression !== null && entry.compressions.length > 0
  const getFields = isVaried ? [NO_STORE, VARY_ENCODING] : [NO_STORE]
  const baseFields = verb === 'GET' ? [...corsFields, ...getFields] : corsFields
  const fields = { codec: codec.name, baseFields }
  const encoded = response === null ? fields : { ...fields, encoding: response.name }
  const compressedHead = ResponseBlock.shared(200, successFields(protocol, encoded))
  const plainHead = ResponseBlock.shared(200, successFields(protocol, fields))
  return Object.freeze({
    entry,
    protocol,
    codec,
    verb,
    reading: Object.freeze({ maxBytes: entry.limits.maxReceiveBytes, compression: request, decoder: codec, isSingle }),
    responseCompression: response,
    baseFields,
    head: protocol.compression?.isByMessage === true ? compressedHead : plainHead,
    compressedHead,
  })
}

function getOrInsert<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = create()
    map.set(key, value)
  }
  return value
}
