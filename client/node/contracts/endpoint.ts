/** The endpoints that resolvers return and load balancers choose from. */

/** An address to connect to. */
export type Address = TcpAddress | UnixAddress

/** The optional properties of all addresses. */
interface NamedAddress {
  /** The name that the server's certificate must match, if it differs from that of the channel. Set from `hostname`. */
  readonly serverName?: string
}

/** A port on a host, which is an IP address or, for targets that are not resolved, a name. */
export interface TcpAddress extends NamedAddress {
  readonly host: string
  /** From 1 to 65,535. */
  readonly port: number
}

/** Whether the value is a valid port. */
export function isPort(port: unknown): boolean {
  return Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535
}

/** A Unix domain socket. */
export interface UnixAddress extends NamedAddress {
  /** A file, or a name in Linux's abstract namespace after a leading NUL. */
  readonly path: string
}

/**
 * Attributes of an endpoint, for load balancers, including those of applications. Lists our own names; others are passed on unchanged.
 */
export interface Attributes {
  /** Its share of calls relative to other endpoints; above 0, up to 4,294,967,295. See {@link weightOf}. */
  readonly weight?: number
  /** What ring_hash hashes instead of its first address (gRFC A76). */
  readonly hashKey?: string
  /** The name that the server's certificate must match. Default: that of `tls.servername`. */
  readonly hostname?: string
  readonly [name: string]: unknown
}

/** A backend, whose addresses all reach the same server (gRFC A61). Identified by the unordered set of its addresses. */
export interface Endpoint {
  /** At least one address, in the order of attempts. */
  readonly addresses: readonly Address[]
  readonly attributes: Attributes
}

/** Maximum weight of an endpoint: that of a protobuf uint32, as in other sources of weights. */
export const MAX_WEIGHT = 4_294_967_295

/** Returns the weight of an endpoint; 1 if it is missing or invalid, as policies need a weight. */
export function weightOf({ attributes: { weight = 1 } }: Endpoint): number {
  return weight > 0 && Number.isFinite(weight) ? Math.min(weight, MAX_WEIGHT) : 1
}

/** Returns a key that identifies an address, and the server name expected there. */
export function addressKey(address: Address): string {
  const { serverName } = address
  return serverName === undefined ? addressText(address) : `${addressText(address)} ${serverName}`
}

/** Returns an address as text: `10.0.0.1:80`, `[::1]:80`, `unix:/run/app.sock`. */
export function addressText(address: Address): string {
  if ('path' in address) {
    return address.path.startsWith('\0') ? `unix-abstract:${address.path.slice(1)}` : `unix:${address.path}`
  }
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
