/** Makes the plans of calls, and keeps them: there are only so many that differ. */
import type { Compression } from '../../wire/compression.ts'
import type { EncodableField } from '../../wire/http2/http2.ts'
import type { RpcProtocol } from '../../wire/rpc-protocol.ts'
import type { CallPlan } from './call-plan.ts'
import type { Cors } from './cors.ts'
import { ResponseBlock } from './exchange/response-block.ts'
import type { MediaType } from './media-type.ts'
import type { MethodEntry } from './method-table.ts'
import { type NegotiatedCompression, negotiateCompression } from './negotiate-compression.ts'
import { connectStream } from './protocols/connect/stream-protocol.ts'
import { connectUnary } from './protocols/connect/unary-protocol.ts'
import { grpc } from './protocols/grpc/protocol.ts'
import { grpcWeb, grpcWebText } from './protocols/grpc-web/protocol.ts'
import { type ServerProtocol, successFields } from './protocols/server-protocol.ts'

const PROTOCOLS: Readonly<Record<RpcProtocol, ServerProtocol>> = {
  grpc,
  'grpc-web': grpcWeb,
  'grpc-web-text': grpcWebText,
  'connect-unary': connectUnary,
  'connect-stream': connectStream,
}

/** GET answers are for the caller alone, unless the service says otherwise. */
const NO_STORE: EncodableField = { name: 'cache-control', value: 'no-store' }
const VARY_ORIGIN: EncodableField = { name: 'vary', value: 'origin' }

/** Texts of encoding headers that are remembered, of a list of compressions: clients choose them, so they are bounded. */
const MAX_NEGOTIATIONS = 256
const MAX_NEGOTIATION_CHARS = 256

/** What a call's plan depends on. */
export interface CallVariant {
  readonly entry: MethodEntry
  readonly type: MediaType
  /** The encoding of the request, and what the client accepts, as its headers say. */
  readonly requested: string | undefined
  readonly accepted: string | undefined
  readonly origin: string | undefined
  readonly isGet: boolean
}

/** A plan is kept for each method, content type, pair of encodings and allowed origin; none of them is a client's invention. */
export class CallPlans {
  readonly #cors: Cors | undefined
  readonly #plans = new Map<MethodEntry, Map<string, CallPlan>>()
  readonly #negotiations = new Map<readonly Compression[], Map<string, NegotiatedCompression>>()

  constructor(cors: Cors | undefined) {
    this.#cors = cors
  }

  /** @throws ConnectError UNIMPLEMENTED for an unknown encoding of the request */
  get(variant: CallVariant): CallPlan {
    const { entry, type, origin, isGet } = variant
    const compression = this.#negotiate(variant)
    const known = origin !== undefined && this.#cors?.responseHeaders(origin) !== undefined ? origin : ''
    const encodings = `${compression.request?.name}|${compression.response?.name}`
    const key = `${type.protocol}|${type.codec}|${isGet}|${encodings}|${known}`
    const plans = getOrInsert(this.#plans, entry, createMap<CallPlan>)
    let plan = plans.get(key)
    if (plan === undefined) {
      plan = this.#create(variant, compression)
      plans.set(key, plan)
    }
    return plan
  }

  /** The fields by which pages of an origin may read a response; `vary` stands there for every origin. */
  corsFields(origin: string | undefined): EncodableField[] {
    if (this.#cors === undefined) return []
    const headers = origin === undefined ? undefined : this.#cors.responseHeaders(origin)
    return [VARY_ORIGIN, ...Object.entries(headers ?? {}).map(([name, value]) => ({ name, value }))]
  }

  #negotiate({ entry, type, requested, accepted }: CallVariant): NegotiatedCompression {
    if (requested === undefined && accepted === undefined) return IDENTITY
    const acceptHeader = PROTOCOLS[type.protocol].acceptEncodingHeader
    const known = getOrInsert(this.#negotiations, entry.compressions, createMap<NegotiatedCompression>)
    const key = `${requested}|${accepted}`
    let found = known.get(key)
    if (found === undefined) {
      found = negotiateCompression(entry.compressions, { requested, accepted, acceptHeader })
      if (known.size >= MAX_NEGOTIATIONS) known.clear()
      if (key.length <= MAX_NEGOTIATION_CHARS) known.set(key, found)
    }
    return found
  }

  #create({ entry, type, origin, isGet }: CallVariant, compression: NegotiatedCompression): CallPlan {
    const protocol = PROTOCOLS[type.protocol]
    const baseFields = [...this.corsFields(origin), ...(isGet ? [NO_STORE] : [])]
    const fields = { codec: type.codec, baseFields }
    const encoding = compression.response?.name
    const encoded = encoding === undefined ? fields : { ...fields, encoding }
    const compressedHead = ResponseBlock.shared(200, successFields(protocol, encoded))
    const plainHead = ResponseBlock.shared(200, successFields(protocol, fields))
    const codec = entry.codecs[type.codec]
    const reading = { maxBytes: entry.limits.maxReceiveBytes, compression: compression.request, decoder: codec }
    return Object.freeze({
      entry,
      protocol,
      codec,
      reading: Object.freeze(reading),
      responseCompression: compression.response,
      baseFields,
      head: protocol.compressesMessages ? compressedHead : plainHead,
      compressedHead,
    })
  }
}

const IDENTITY: NegotiatedCompression = Object.freeze({ request: null, response: null })

function getOrInsert<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = create()
    map.set(key, value)
  }
  return value
}

function createMap<V>(): Map<string, V> {
  return new Map()
}
