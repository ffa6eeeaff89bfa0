/** Reads off the last bytes of an answer the code that its call ended with, in the protocols that put it in the body. */
import type { Code } from '@connectrpc/connect'
import { codeFromString } from '@connectrpc/connect/protocol-connect'
import { findTrailerError } from '@connectrpc/connect/protocol-grpc'
import { trailerFlag, trailerParse } from '@connectrpc/connect/protocol-grpc-web'
import type { RpcProtocol } from './rpc-protocol.ts'

/** The end of an answer. */
export interface Ending {
  readonly protocol: RpcProtocol
  /** The HTTP status of the answer. */
  readonly status: number
  /** The last chunk of its body, as it was written: servers write what ends a call in one piece. */
  readonly lastChunk: Uint8Array
}

const PREFIX_BYTES = 5
const END_STREAM_FLAG = 2

/** Returns the code of a failure; undefined where the call succeeded, or its end does not stand in the body. */
export function endingCode({ protocol, status, lastChunk }: Ending): Code | undefined {
  try {
    if (protocol === 'grpc-web') return trailerCode(lastChunk)
    if (protocol === 'connect-stream') return endStreamCode(lastChunk)
    return protocol === 'connect-unary' && status !== 200 ? jsonCode(lastChunk) : undefined
  } catch {
    // An ordinary error page, or an end that was compressed.
    return undefined
  }
}

function trailerCode(frame: Uint8Array): Code | undefined {
  if (frame[0] !== trailerFlag) return undefined
  return findTrailerError(trailerParse(frame.subarray(PREFIX_BYTES)))?.code
}

function endStreamCode(frame: Uint8Array): Code | undefined {
  if (frame[0] !== END_STREAM_FLAG) return undefined
  const end = JSON.parse(textOf(frame.subarray(PREFIX_BYTES))) as { error?: { code?: string } }
  return end.error?.code === undefined ? undefined : codeFromString(end.error.code)
}

function jsonCode(body: Uint8Array): Code | undefined {
  const { code } = JSON.parse(textOf(body)) as { code?: string }
  return code === undefined ? undefined : codeFromString(code)
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
