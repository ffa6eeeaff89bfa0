/** Decodes the details of errors: with the types of the API, else with the well-known ones of google.rpc. */
import { createRegistry, fromBinary, type Registry, toJson } from '@bufbuild/protobuf'
import { file_google_rpc_error_details } from '../../../../gen/google/rpc/error_details_pb.js'
import type { StatusDetail } from '../../contracts/live-call.ts'

/** The types of google.rpc that errors have as details. */
export const STANDARD_DETAILS: Registry = createRegistry(file_google_rpc_error_details)

/** Returns a detail with its message as JSON, or with null if its type is unknown or its octets are invalid. */
export function decodeDetail(typeName: string, octets: Uint8Array, registry: Registry): StatusDetail {
  const schema = registry.getMessage(typeName) ?? STANDARD_DETAILS.getMessage(typeName)
  if (schema === undefined) return { typeName, octets, json: null }
  try {
    return { typeName, octets, json: toJson(schema, fromBinary(schema, octets), { registry }) }
  } catch {
    // Another type by this name, or an Any within it whose type is unknown.
    return { typeName, octets, json: null }
  }
}
