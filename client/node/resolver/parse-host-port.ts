/** Parses a host and port, as in targets and address lists. */
import { isIPv6 } from 'node:net'
import type { TcpAddress } from '../contracts/endpoint.ts'

/** The default port: that of HTTPS, as everywhere in gRPC. */
export const DEFAULT_PORT = 443

/** `host`, `host:port`, `:port`, `[v6]`, `[v6]:port`. */
const HOST_PORT = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(.*))?$/s

const PORT = /^\d{1,5}$/

/**
 * Parses `greeter.example`, `greeter.example:80`, `:80` (this machine), `[::1]:80` and `::1`.
 *
 * @returns the host without brackets, and the port, by default 443
 * @throws RangeError for an empty or invalid host, and for a port that is not from 1 to 65,535
 */
export function parseHostPort(text: string): TcpAddress {
  if (isIPv6(text)) return { host: text, port: DEFAULT_PORT }
  const [, bracketed, name, portText] = HOST_PORT.exec(text) ?? []
  const host = bracketed ?? (name === '' && portText !== undefined ? 'localhost' : name)
  const isHost = bracketed === undefined ? host !== undefined && isName(host) : isIPv6(bracketed)
  if (host === undefined || !isHost)
    throw new RangeError(`"${text}" is not an address: it must have the form host:port`)
  return { host, port: portText === undefined ? DEFAULT_PORT : parsePort(portText, text) }
}

/** Whether it may be a DNS name. Leaves further checks to DNS. */
function isName(host: string): boolean {
  return /^[^\s/@?#,%]{1,255}$/.test(host)
}

function parsePort(portText: string, text: string): number {
  const port = PORT.test(portText) ? Number(portText) : 0
  if (port >= 1 && port <= 65_535) return port
  throw new RangeError(`the port of "${text}" is "${portText}": it must be from 1 to 65535`)
}
