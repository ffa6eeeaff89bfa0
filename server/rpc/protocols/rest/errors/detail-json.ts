/** Error details as JSON of `google.protobuf.Any`. */
import { Buffer } from 'node:buffer'
import {
  create,
  createRegistry,
  type DescMessage,
  fromBinary,
  type JsonObject,
  type JsonValue,
  type Message,
  type Registry,
  toBinary,
  toJson,
} from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import { file_google_rpc_error_details } from '../../../../../gen/google/rpc/error_details_pb.js'
import { addUnpopulated } from '../../../../../wire/json/add-unpopulated.ts'
import { JSON_KEY, TYPE_KEY } from '../../../../../wire/json/any-json.ts'
import { jsonWriteOptions } from '../response/response-json.ts'
import type { RestSettings } from '../rest-options.ts'

const TYPE_URL_PREFIX = 'type.googleapis.com/'

/** Types whose JSON is not an object, or has a meaning of its own: the Any contains it under a key. */
const SPECIAL_TYPES = /^google\.protobuf\.(?:Any|Timestamp|Duration|FieldMask|Struct|Value|ListValue|\w+Value)$/

type Detail = ConnectError['details'][number]

/** The standard details are known without a registry that has them. */
let standardTypes: Registry | null = null

/** What details are written with. */
export interface DetailWriting {
  /** The types of details. Undefined: only the standard ones are known. */
  readonly registry: Registry | undefined
  readonly json: RestSettings['jsonOptions']
}

/** Returns the JSON of an error detail. One of an unknown type, which has no JSON, keeps its octets in base64. */
export function detailJson(detail: Detail, { registry, json: settings }: DetailWriting): JsonObject {
  const { typeName, desc } = typeOf(detail, registry)
  const type = TYPE_URL_PREFIX + typeName
  if (desc !== undefined) {
    try {
      const message = messageOf(detail, desc)
      const options = jsonWriteOptions(settings, registry)
      const json = toJson(desc, message, options)
      if (settings.emitUnpopulated) addUnpopulated(desc, message, json, options)
      return SPECIAL_TYPES.test(typeName)
        ? { [TYPE_KEY]: type, [JSON_KEY]: json }
        : { [TYPE_KEY]: type, ...asObject(json) }
    } catch {
      // Malformed, or with a nested Any of an unknown type.
    }
  }
  return { [TYPE_KEY]: type, [JSON_KEY]: Buffer.from(octetsOf(detail)).toString('base64') }
}

function typeOf(detail: Detail, registry: Registry | undefined): { typeName: string; desc: DescMessage | undefined } {
  if ('desc' in detail) return { typeName: detail.desc.typeName, desc: detail.desc }
  standardTypes ??= createRegistry(file_google_rpc_error_details)
  const desc = registry?.getMessage(detail.type) ?? standardTypes.getMessage(detail.type)
  return { typeName: detail.type, desc }
}

function messageOf(detail: Detail, desc: DescMessage): Message {
  return 'desc' in detail ? create(desc, detail.value) : fromBinary(desc, detail.value)
}

function octetsOf(detail: Detail): Uint8Array {
  return 'desc' in detail ? toBinary(detail.desc, create(detail.desc, detail.value)) : detail.value
}

function asObject(json: JsonValue): JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {}
}
