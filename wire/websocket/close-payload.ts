/** Reads the payload of a close frame (RFC 6455, section 5.5.1). */
import { type Buffer, isUtf8 } from 'node:buffer'
import { CloseCode, isCloseCode } from './frame.ts'
import { WebSocketError } from './websocket-error.ts'

const CODE_BYTES = 2

/**
 * Returns the code and the reason; NO_CODE without a code.
 *
 * @throws WebSocketError for a code that may not be sent, and a reason that is not UTF-8
 */
export function readClosePayload(payload: Buffer): { readonly code: number; readonly reason: string } {
  if (payload.length === 0) return { code: CloseCode.NO_CODE, reason: '' }
  if (payload.length < CODE_BYTES) throw new WebSocketError(CloseCode.PROTOCOL_ERROR, 'a close code of one octet')
  const code = payload.readUInt16BE()
  if (!isCloseCode(code)) throw new WebSocketError(CloseCode.PROTOCOL_ERROR, 'a close code that may not be sent')
  const reason = payload.subarray(CODE_BYTES)
  if (!isUtf8(reason)) throw new WebSocketError(CloseCode.INVALID_PAYLOAD, 'the close reason is not UTF-8')
  return { code, reason: reason.toString() }
}
