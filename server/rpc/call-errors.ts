/** The errors that end calls for other reasons than their handlers. */
import { Code, ConnectError } from '@connectrpc/connect'
import { ErrorCode } from '../../wire/http2/http2.ts'
import type { ExchangeReset } from './exchange/exchange.ts'

/** The process holds too many octets of responses that peers do not read. */
export function outOfMemory(): ConnectError {
  return new ConnectError('response memory exhausted: try again later', Code.ResourceExhausted)
}

/** The deadline of the call has passed. */
export function deadlineError(): ConnectError {
  return new ConnectError('the operation timed out', Code.DeadlineExceeded)
}

/** Returns the error for a reset. A client that goes away has cancelled its call. A client that stalls has not: its call times out. */
export function resetError({ code, source, reason, answered }: ExchangeReset): ConnectError {
  if (answered !== undefined) return new ConnectError(answered.message, answered.code)
  if (source !== 'local') return new ConnectError('the client canceled the call', Code.Canceled)
  const isStall = code === ErrorCode.CANCEL
  return new ConnectError(reason, isStall ? Code.DeadlineExceeded : Code.ResourceExhausted)
}
