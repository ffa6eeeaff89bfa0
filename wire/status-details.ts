/** Reads the details of an error from `grpc-status-details-bin`, a `google.rpc.Status`. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import type { ConnectError } from '@connectrpc/connect'
import { isBase64 } from './base64.ts'
import { typeNameOf } from './json/any-json.ts'

/** An error detail from a peer, still encoded. */
export type StatusDetail = Extract<ConnectError['details'][number], { type: string }>

/** Field numbers of google.rpc.Status and google.protobuf.Any. */
const CODE = 1
const DETAILS = 3
const TYPE_URL = 1
const VALUE = 2

/** A detail of two octets takes 300 bytes of memory, and real errors have only a few. */
const MAX_DETAILS = 1_000

/** Returns the details; an empty list if they are malformed, too many, or of the status OK. */
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
    // A copy, so that it does not keep the octets of the whole status alive.
    else if (field === VALUE && wireType === WireType.LengthDelimited) value = new Uint8Array(reader.bytes())
    else reader.skip(wireType, field)
  }
  return { type: typeNameOf(type), value }
}
