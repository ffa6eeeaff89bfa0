/** The trailer fields of gRPC and gRPC-Web that carry an error. */

import { Buffer } from 'node:buffer'
import { ConnectError } from '@connectrpc/connect'
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc'

/** A field of trailers. */
export interface StatusField {
  readonly name: string
  readonly value: string
}

/** Returns grpc-status, grpc-message and, for an error with details, grpc-status-details-bin; not the metadata. */
export function statusFields(error: ConnectError): StatusField[] {
  const fields = [
    { name: 'grpc-status', value: String(error.code) },
    { name: 'grpc-message', value: encodeGrpcMessage(error.rawMessage) },
  ]
  if (error.details.length > 0) fields.push({ name: 'grpc-status-details-bin', value: encodeDetails(error) })
  return fields
}

/** Encoded forms of errors that are thrown again and again, as by a server that sheds load. */
const encodedStatuses = new WeakMap<ConnectError, string>()

/** Encodes google.rpc.Status as base64 without padding; once, if the details are frozen. */
function encodeDetails(error: ConnectError): string {
  const known = encodedStatuses.get(error)
  if (known !== undefined) return known
  const encoded = encodeStatus(error)
  if (Object.isFrozen(error.details)) encodedStatuses.set(error, encoded)
  return encoded
}

function encodeStatus(error: ConnectError): string {
  const bare = new ConnectError(error.rawMessage.toWellFormed(), error.code)
  bare.details = error.details
  return setTrailerStatus(new Headers(), bare).get('grpc-status-details-bin') ?? ''
}

/** Maximum UTF-8 octets of a message, which keeps header lists within the limits of peers. The rest is cut off. */
export const MAX_MESSAGE_BYTES = 1_024

const PLAIN = /^[\x20-\x24\x26-\x7e]*$/
const ESCAPE = /%([0-9A-Fa-f]{2})/g
const encoder = new TextEncoder()

/** Encodes `%` and everything outside printable ASCII. Cuts long text between characters. */
export function encodeGrpcMessage(text: string): string {
  if (text.length <= MAX_MESSAGE_BYTES && PLAIN.test(text)) return text
  const octets = new Uint8Array(MAX_MESSAGE_BYTES)
  // encodeInto never splits a character, and writes U+FFFD for a lone surrogate.
  const { written } = encoder.encodeInto(text, octets)
  let encoded = ''
  for (const octet of octets.subarray(0, written)) encoded += encodeOctet(octet)
  return encoded
}

/** Decodes a peer's message. Never fails: keeps malformed escapes, and replaces invalid UTF-8 by U+FFFD. */
export function decodeGrpcMessage(value: string): string {
  if (!value.includes('%')) return value
  const latin1 = value.replace(ESCAPE, (_escape, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  return Buffer.from(latin1, 'latin1').toString('utf8')
}

function encodeOctet(octet: number): string {
  const isPlain = octet >= 0x20 && octet <= 0x7e && octet !== 0x25
  return isPlain ? String.fromCharCode(octet) : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`
}
