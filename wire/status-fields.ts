/** Encodes an error as the trailer fields of gRPC and gRPC-Web. */
import { ConnectError } from '@connectrpc/connect'
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc'
import { encodeGrpcMessage } from './grpc-message.ts'

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

/** Encodes google.rpc.Status as base64 without padding. */
function encodeDetails(error: ConnectError): string {
  const bare = new ConnectError(error.rawMessage.toWellFormed(), error.code)
  bare.details = error.details
  return setTrailerStatus(new Headers(), bare).get('grpc-status-details-bin') ?? ''
}
