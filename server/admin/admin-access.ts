/** Who may manage a server. */
import { BlockList, isIPv4 } from 'node:net'
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect'
import { peerKey } from '../rpc/context-keys.ts'
import type { RequestGate } from '../rpc/request-gate.ts'

/** Decides on a caller. A ConnectError that it throws is the response. */
export type AdminAuthorization = (context: HandlerContext) => boolean | Promise<boolean>

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Fields of requests that another process on this machine passes on for someone else: a proxy, or a browser for a page. */
const FOREIGN_FIELDS = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-real-ip',
  'via',
  'origin',
  'sec-fetch-site',
]

/**
 * The authorization of servers that set none: processes on this machine that call directly. Requests of browsers and those that a
 * proxy marks as forwarded are refused.
 *
 * @param isOnUnixSocket whether the server listens on a Unix socket, whose callers have no address. The address of a connection that
 *   was closed is unknown, too, so an empty address alone proves nothing
 */
export function localCallersOnly(isOnUnixSocket: () => boolean): AdminAuthorization {
  return ({ values, requestHeader }) => {
    if (FOREIGN_FIELDS.some((name) => requestHeader.has(name))) return false
    const { address } = values.get(peerKey)
    if (address === '') return isOnUnixSocket()
    return LOOPBACK.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
  }
}

/** Creates the gate of the admin services, which refuses before the body is read. */
export function adminGate(authorize: AdminAuthorization): RequestGate {
  return (context) => {
    const isAllowed = authorize(context)
    if (isAllowed === true) return
    if (isAllowed === false) throw denied()
    return awaitDecision(isAllowed)
  }
}

async function awaitDecision(deciding: Promise<boolean>): Promise<void> {
  if ((await deciding) !== true) throw denied()
}

function denied(): ConnectError {
  return new ConnectError('not allowed to manage this server', Code.PermissionDenied)
}
