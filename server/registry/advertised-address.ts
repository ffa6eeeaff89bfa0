/** The address by which clients reach a server that registers itself. */
import { type AddressInfo, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

/** A host and a port. */
export interface AdvertisedAddress {
  readonly host: string
  readonly port: number
  /** Whether only processes on this machine reach it. */
  readonly isLoopback: boolean
}

/** What is known of a server that listens. */
export interface AdvertisedAddressOptions {
  /** What the operator set. Default: what the server listens on. */
  readonly host?: string | undefined
  readonly port?: number | undefined
  /** All addresses that the server listens on; a string is a Unix socket. */
  readonly addresses: readonly (AddressInfo | string)[]
  /** The addresses of this machine. Default: those that it has now. */
  readonly interfaces?: ReturnType<typeof networkInterfaces>
}

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.|localhost$)/
/** Usable only together with the name of an interface (RFC 3927, RFC 4291). */
const LINK_LOCAL = /^(?:169\.254\.|fe[89ab])/i

/** Returns the address to register; undefined if the server has no port, and none is set. */
export function advertisedAddress(options: AdvertisedAddressOptions): AdvertisedAddress | undefined {
  const listening = options.addresses.filter((address) => typeof address !== 'string')
  const chosen = listening.find(({ address }) => !LOOPBACK.test(address)) ?? listening[0]
  const host = options.host ?? (chosen && reachableHost(chosen, options.interfaces ?? networkInterfaces()))
  const port = options.port ?? chosen?.port
  if (host === undefined || port === undefined) return undefined
  return { host, port, isLoopback: LOOPBACK.test(host) }
}

/** The wildcards stand for all addresses of the machine; `::` for those of IPv4, too. */
function reachableHost({ address }: AddressInfo, interfaces: ReturnType<typeof networkInterfaces>): string {
  if (address !== '0.0.0.0' && address !== '::') return address
  const own = Object.values(interfaces)
    .flatMap((each) => each ?? [])
    .filter((each) => !each.internal && !LINK_LOCAL.test(each.address))
    .map((each) => each.address)
  const four = own.find((each) => isIP(each) === 4)
  const six = address === '::' ? own.find((each) => isIP(each) === 6) : undefined
  return four ?? six ?? (address === '::' ? '::1' : '127.0.0.1')
}
