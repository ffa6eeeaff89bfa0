/** Where a service can be reached: what resolvers find, and what load balancers choose from. */

/** One place to connect to. */
export type Address = TcpAddress | UnixAddress

/** What any address may have. */
interface NamedAddress {
  /** The name that the server's certificate must bear, where it is not what the channel says for all. Set from `hostname`. */
  readonly serverName?: string
}

/** A host, by its IP address or (for targets that are not resolved) its name, and a port. */
export interface TcpAddress extends NamedAddress {
  readonly host: string
  /** From 1 to 65,535. */
  readonly port: number
}

/** Whether a port can be connected to. */
export function isPort(port: unknown): boolean {
  return Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535
}

/** A Unix domain socket. */
export interface UnixAddress extends NamedAddress {
  /** A file, or after a leading NUL a name of Linux's abstract namespace. */
  readonly path: string
}

/**
 * What is known about an endpoint, for load balancers and for applications that bring their own. The project's own
 * names are listed; others are passed on as they are.
 */
export interface Attributes {
  /** How many calls it should get in proportion to others; above 0, up to 4,294,967,295. See {@link weightOf}. */
  readonly weight?: number
  /** What ring_hash places it on the ring by, instead of its first address (gRFC A76). */
  readonly hashKey?: string
  /** The name that the server's certificate must bear. Default: as `tls.servername` says. */
  readonly hostname?: string
  readonly [name: string]: unknown
}

/** One backend: all addresses lead to the same server (gRFC A61). Its identity is the unordered set of its addresses. */
export interface Endpoint {
  /** At least one, in the order in which they should be tried. */
  readonly addresses: readonly Address[]
  readonly attributes: Attributes
}

/** The most that an endpoint can weigh: protobuf's uint32, as other sources of weights have it. */
export const MAX_WEIGHT = 4_294_967_295

/** The weight of an endpoint: 1 where none is told, or one that is none; a policy must find a place for it all the same. */
export function weightOf({ attributes: { weight = 1 } }: Endpoint): number {
  return weight > 0 && Number.isFinite(weight) ? Math.min(weight, MAX_WEIGHT) : 1
}

/** What tells an address from others: where it is, and who is expected there. */
export function addressKey(address: Address): string {
  const { serverName } = address
  return serverName === undefined ? addressText(address) : `${addressText(address)} ${serverName}`
}

/** An address as text, equal for equal places: `10.0.0.1:80`, `[::1]:80`, `unix:/run/app.sock`. */
export function addressText(address: Address): string {
  if ('path' in address) {
    return address.path.startsWith('\0') ? `unix-abstract:${address.path.slice(1)}` : `unix:${address.path}`
  }
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
