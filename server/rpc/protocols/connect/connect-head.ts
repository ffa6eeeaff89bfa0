/** What the heads of Connect's unary and streaming calls share. */
import { Code, ConnectError } from '@connectrpc/connect'
import { parseConnectTimeout } from '../../../../wire/timeout-header.ts'
import type { CallHead } from '../../exchange/call-head.ts'
import type { ServedMethod } from '../server-protocol.ts'

/** Name and timeout of both. */
export const CONNECT_HEAD = Object.freeze({
  name: 'connect',
  option: 'connect',
  plansByKind: true,
  timeoutMsOf: (head: CallHead) => head.timeoutMs('connect-timeout-ms', parseConnectTimeout),
})

/** The header in which Connect clients state the protocol version, which is 1. */
export const VERSION_HEADER = 'connect-protocol-version'

/** Returns INVALID_ARGUMENT if the service requires the version and a POST lacks it; otherwise null. */
export function versionError(head: CallHead, { requiresConnectVersion }: ServedMethod): ConnectError | null {
  if (!requiresConnectVersion || head.get(VERSION_HEADER) === '1') return null
  return new ConnectError(`the header ${VERSION_HEADER} must be "1"`, Code.InvalidArgument)
}
