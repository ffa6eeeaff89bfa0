/** What the heads of Connect's unary calls and of its streams have in common. */
import { Code, ConnectError } from '@connectrpc/connect'
import { parseConnectTimeout } from '../../../../wire/timeout-header.ts'
import type { CallHead } from '../../exchange/call-head.ts'
import type { ServedMethod } from '../server-protocol.ts'

/** Where the deadline stands. */
export const CONNECT_HEAD = Object.freeze({
  name: 'connect',
  option: 'connect',
  timeoutMsOf: (head: CallHead) => head.timeoutMs('connect-timeout-ms', parseConnectTimeout),
})

/** The header by which Connect's own clients name the version of the protocol, which is 1. */
export const VERSION_HEADER = 'connect-protocol-version'

/** INVALID_ARGUMENT where a service wants the version, and a POST does not state it; else null. */
export function versionError(head: CallHead, { requiresConnectVersion }: ServedMethod): ConnectError | null {
  if (!requiresConnectVersion || head.get(VERSION_HEADER) === '1') return null
  return new ConnectError(`the header ${VERSION_HEADER} must be "1"`, Code.InvalidArgument)
}
