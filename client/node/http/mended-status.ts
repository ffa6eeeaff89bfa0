/**
 * Makes the text of a gRPC-Web status readable for Connect, which otherwise loses the code with it: gRPC takes a broken
 * percent escape as it stands (gRPC over HTTP/2, Status-Message).
 */
import type { UniversalClientResponse } from '@connectrpc/connect/protocol'
import { transformSplitEnvelope } from '@connectrpc/connect/protocol'
import { trailerFlag } from '@connectrpc/connect/protocol-grpc-web'
import { envelop } from '../../../wire/envelope.ts'
import { decodeGrpcMessage } from '../../../wire/grpc-message.ts'

const MESSAGE_LINE = /^(grpc-message[ \t]*:[ \t]*)([^\r\n]*)/gim

/** The same answer; only a text that is broken is written anew, in the head or in trailers that are not compressed. */
export function withMendedStatus(response: UniversalClientResponse, maxBytes: number): UniversalClientResponse {
  const text = response.header.get('grpc-message')
  if (text === null) return { ...response, body: mendedBody(response.body, maxBytes) }
  const header = new Headers(response.header)
  header.set('grpc-message', mended(text))
  return { ...response, header, body: mendedBody(response.body, maxBytes) }
}

async function* mendedBody(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  for await (const { flags, data } of transformSplitEnvelope(maxBytes)(body)) {
    yield envelop(flags, flags === trailerFlag ? mendedTrailers(data) : data)
  }
}

function mendedTrailers(data: Uint8Array): Uint8Array {
  const lines = Buffer.from(data).toString('latin1')
  return Buffer.from(
    lines.replace(MESSAGE_LINE, (_line, name: string, text: string) => name + mended(text)),
    'latin1',
  )
}

function mended(text: string): string {
  try {
    decodeURIComponent(text)
    return text
  } catch {
    return encodeURIComponent(decodeGrpcMessage(text))
  }
}
