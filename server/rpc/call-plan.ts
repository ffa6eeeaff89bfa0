/** What calls with similar heads share: protocol, codec, compression and the head of a successful response. */
import type { Compression } from '../../wire/compression/compression.ts'
import type { EncodableField } from '../../wire/http2/http2.ts'
import { type HeadroomCodec, hasHeadroom } from '../../wire/message-codec.ts'
import { ResponseBlock } from './exchange/response-block.ts'
import type { MethodEntry } from './method-table.ts'
import { type HeadReading, type ProtocolPlan, type ServerProtocol, successFields } from './protocols/server-protocol.ts'

/** How calls to a method are answered that agree in protocol, codec, verb, encodings and origin. Shared and frozen. */
export interface CallPlan extends ProtocolPlan {
  readonly entry: MethodEntry
  /** The codec, where it and the protocol leave room for envelopes; else null. */
  readonly headroom: HeadroomCodec | null
  /** The HTTP method of the requests. */
  readonly verb: string
  /** Compresses response messages of at least `compressMinBytes`; null for identity. */
  readonly responseCompression: Compression | null
}

/** The properties of a call that select its plan, apart from its verb and its origin. */
export interface PlanVariant {
  readonly protocol: ServerProtocol
  readonly reading: HeadReading
  /** Inflates request messages; null for identity. */
  readonly request: Compression | null
  /** Compresses response messages; null for identity. */
  readonly response: Compression | null
}

/** The requests that a plan is for. */
interface PlanScope {
  readonly verb: string
  readonly corsFields: readonly EncodableField[]
  /** As in ProtocolPlan. */
  readonly route: string | undefined
  /** Whether other calls use the plan: connections then remember the encoded form of its heads. */
  readonly isShared: boolean
}

/** Only responses to GET are cached, and their encoding depends on the request (RFC 9110 section 12.5.5). */
const VARY_ENCODING: EncodableField = { name: 'vary', value: 'accept-encoding' }

/** A response to GET may be meant for its caller only, so caches must not keep it unless the service says otherwise. */
const NO_STORE: EncodableField = { name: 'cache-control', value: 'no-store' }

/** Creates a plan, with the heads of its successful responses ready to send. */
export function createPlan(
  entry: MethodEntry,
  { protocol, reading: { codec }, request, response }: PlanVariant,
  { verb, corsFields, isShared, route }: PlanScope,
): CallPlan {
  const isSingle = entry.kind === 'unary' || entry.kind === 'server_streaming'
  const isVaried = protocol.compression !== null && entry.compressions.length > 0
  const getFields = isVaried ? [NO_STORE, VARY_ENCODING] : [NO_STORE]
  const baseFields = verb === 'GET' ? [...corsFields, ...getFields] : corsFields
  const fields = { codec: codec.name, baseFields }
  const encoded = response === null ? fields : { ...fields, encoding: response.name }
  const headOf = isShared ? ResponseBlock.shared : ResponseBlock.once
  const compressedHead = headOf(200, successFields(protocol, encoded))
  const plainHead = headOf(200, successFields(protocol, fields))
  const isDirect = protocol.writeEncoded !== undefined && protocol.replyEncoded !== undefined
  return Object.freeze({
    entry,
    protocol,
    codec,
    headroom: isDirect && hasHeadroom(codec) ? codec : null,
    route,
    verb,
    reading: Object.freeze({ maxBytes: entry.limits.maxReceiveBytes, compression: request, decoder: codec, isSingle }),
    responseCompression: response,
    baseFields,
    head: protocol.compression?.isByMessage === true ? compressedHead : plainHead,
    compressedHead,
  })
}
