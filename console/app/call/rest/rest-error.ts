/** The errors of REST: `google.rpc.Status` as JSON, problem details (RFC 9457), and the form of Google's APIs (AIP-193). */
import { fromJson, type JsonValue, type Registry } from '@bufbuild/protobuf'
import { AnySchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import { codeName } from '../engine/call-status.ts'
import { STANDARD_DETAILS } from '../engine/status-details.ts'

/** The mapping of gRPC's document "HTTP to gRPC Status Code Mapping", completed by google.rpc.Code; other statuses are UNKNOWN. */
const HTTP_CODES: ReadonlyMap<number, Code> = new Map([
  [400, Code.InvalidArgument],
  [401, Code.Unauthenticated],
  [403, Code.PermissionDenied],
  [404, Code.NotFound],
  [405, Code.Unimplemented],
  [409, Code.Aborted],
  [412, Code.FailedPrecondition],
  [429, Code.ResourceExhausted],
  [499, Code.Canceled],
  [500, Code.Internal],
  [501, Code.Unimplemented],
  [502, Code.Unavailable],
  [503, Code.Unavailable],
  [504, Code.DeadlineExceeded],
])

const CODES_BY_NAME: ReadonlyMap<string, Code> = new Map(
  Object.values(Code)
    .filter((code) => typeof code === 'number')
    .map((code) => [codeName(code), code]),
)

/** Returns the error in a body. A body of another form has the code of its HTTP status. */
export function errorOfBody(text: string, httpStatus: number, registry: Registry): ConnectError {
  const body = parseObject(text)
  const inner = asObject(body.error) ?? body
  const code = codeOf(inner) ?? HTTP_CODES.get(httpStatus) ?? Code.Unknown
  const message = [inner.message, inner.detail].find((each) => typeof each === 'string')
  const error = new ConnectError(message ?? `HTTP status ${httpStatus}`, code)
  error.details = detailsOf(inner.details, registry)
  return error
}

function codeOf({ code, status }: JsonFields): Code | undefined {
  if (typeof status === 'string') return CODES_BY_NAME.get(status)
  if (typeof code === 'string') return CODES_BY_NAME.get(code)
  return typeof code === 'number' && Code[code] !== undefined ? code : undefined
}

function detailsOf(list: JsonValue | undefined, registry: Registry): ConnectError['details'] {
  if (!Array.isArray(list)) return []
  return list.flatMap((json) => {
    const type = asObject(json)?.['@type']
    if (typeof type !== 'string') return []
    return [{ type: type.slice(type.lastIndexOf('/') + 1), value: octetsOf(json, registry) }]
  })
}

/** A detail whose type the server does not know has its octets in `value`. */
function octetsOf(json: JsonValue, registry: Registry): Uint8Array {
  const octets = encodeAny(json, registry) ?? encodeAny(json, STANDARD_DETAILS)
  if (octets !== null) return octets
  const value = asObject(json)?.value
  return typeof value === 'string' ? decodeBase64(value) : new Uint8Array()
}

function encodeAny(json: JsonValue, registry: Registry): Uint8Array | null {
  try {
    return fromJson(AnySchema, json, { registry }).value
  } catch {
    return null
  }
}

function decodeBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return new Uint8Array()
  }
}

type JsonFields = Readonly<Record<string, JsonValue | undefined>>

function parseObject(text: string): JsonFields {
  try {
    return asObject(JSON.parse(text) as JsonValue) ?? {}
  } catch {
    return {}
  }
}

function asObject(value: JsonValue | undefined): JsonFields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}
