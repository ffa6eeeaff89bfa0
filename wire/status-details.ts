/** Reads the details of an error from `grpc-status-details-bin`, a `google.rpc.Status`. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import type { ConnectError } from '@connectrpc/connect'
import { isBase64 } from './base64.ts'
import { typeNameOf } from './json/any-json.ts'

/** A detail as it came from a peer. */
export type StatusDetail = Extract<ConnectError['details'][number], { type: string }>

/** The fields of google.rpc.Status and google.protobuf.Any that matter. */
const CODE = 1
const DETAILS = 3
const TYPE_URL = 1
const VALUE = 2

/** A detail of two octets takes 300 bytes in memory; no server has as many to tell as would matter. */
const MAX_DETAILS = 1_000

/** Returns the details; none where they cannot be read, where there are too many, and where the status is OK. */
export function readStatusDetails(value: string): StatusDetail[] {
  if (!isBase64(value)) return []
  try {
    return detailsOf(new BinaryReader(Buffer.from(value, 'base64')))
  } catch {
    return []
  }
}

function detailsOf(reader: BinaryReader): StatusDetail[] {
  const details: StatusDetail[] = []
  let code = 0
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag()
    if (field === CODE && wireType === WireType.Varint) code = reader.int32()
    else if (field === DETAILS && wireType === WireType.LengthDelimited) details.push(detailOf(reader.bytes()))
    else reader.skip(wireType, field)
    if (details.length > MAX_DETAILS) return []
  }
  return code === 0 ? [] : details
}

function detailOf(any: Uint8Array): StatusDetail {
  const reader = new BinaryReader(any)
  let type = ''
  let value = new Uint8Array(0)
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag()
    if (field === TYPE_URL && wireType === WireType.LengthDelimited) type = reader.string(true)
    // A copy: the octets of the whole status are not kept for it.
    else if (field === VALUE && wireType === WireType.LengthDelimited) value = new Uint8Array(reader.bytes())
    else reader.skip(wireType, field)
  }
  return { type: typeNameOf(type), value }
}
