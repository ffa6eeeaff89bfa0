/** Reads a host with its port, as targets and lists of addresses have it. */
import { isIPv6 } from 'node:net'
import type { TcpAddress } from '../contracts/endpoint.ts'

/** The port of what names none: that of HTTPS, as in all of gRPC. */
export const DEFAULT_PORT = 443

/** `host`, `host:port`, `:port`, `[v6]`, `[v6]:port`. */
const HOST_PORT = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(.*))?$/s

const PORT = /^\d{1,5}$/

/**
 * Reads `greeter.example`, `greeter.example:80`, `:80` (this machine), `[::1]:80` and `::1`.
 *
 * @returns the host without brackets; the port, 443 where none is named
 * @throws RangeError for a host that is empty or cannot be one, and for a port that is not from 1 to 65,535
 */
export function parseHostPort(text: string): TcpAddress {
  if (isIPv6(text)) return { host: text, port: DEFAULT_PORT }
  const [, bracketed, name, portText] = HOST_PORT.exec(text) ?? []
  const host = bracketed ?? (name === '' && portText !== undefined ? 'localhost' : name)
  const isHost = bracketed === undefined ? host !== undefined && isName(host) : isIPv6(bracketed)
  if (host === undefined || !isHost) throw new RangeError(`"${text}" is no address: it must be as host:port`)
  return { host, port: portText === undefined ? DEFAULT_PORT : parsePort(portText, text) }
}

/** Whether DNS could know it; what else is wrong, DNS will say. */
function isName(host: string): boolean {
  return /^[^\s/@?#,%]{1,255}$/.test(host)
}

function parsePort(portText: string, text: string): number {
  const port = PORT.test(portText) ? Number(portText) : 0
  if (port >= 1 && port <= 65_535) return port
  throw new RangeError(`the port of "${text}" is "${portText}": it must be from 1 to 65535`)
}
