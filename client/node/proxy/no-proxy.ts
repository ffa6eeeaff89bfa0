/** Matches hosts against lists such as `no_proxy`. */
import { BlockList, isIP } from 'node:net'
import type { TcpAddress } from '../contracts/endpoint.ts'

/**
 * Whether a list contains a target. Entries, separated by commas or spaces, are `*` for all hosts; names, which include their subdomains;
 * names after a dot or `*.`, which stand for their subdomains only; addresses; and networks such as `10.0.0.0/8`. All but networks may have
 * a port.
 */
export function isExempt({ host, port }: TcpAddress, list: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => matches(entry, name, port))
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === '' || entry === '*') return entry === '*'
  if (entry.includes('/')) return isInNetwork(host, entry)
  const { host: named, port: namedPort } = splitPort(entry)
  if (namedPort !== undefined && Number(namedPort) !== port) return false
  if (isIP(named) !== 0) return isInNetwork(host, `${named}/${isIP(named) === 4 ? 32 : 128}`)
  if (isIP(host) !== 0) return false
  const suffix = named.replace(/^\*?\./, '')
  return (suffix === named && host === named) || host.endsWith(`.${suffix}`)
}

function splitPort(entry: string): { host: string; port: string | undefined } {
  if (isIP(entry) !== 0) return { host: entry, port: undefined }
  const [, bracketed, name = entry, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? []
  return { host: bracketed ?? name, port }
}

/** Returns false for an invalid network. */
function isInNetwork(host: string, network: string): boolean {
  const [base = '', length = ''] = network.split('/')
  const family = isIP(base)
  const isNetwork = family !== 0 && /^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128)
  if (!isNetwork || isIP(host) === 0) return false
  const block = new BlockList()
  block.addSubnet(base, Number(length), family === 4 ? 'ipv4' : 'ipv6')
  return block.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6')
}
