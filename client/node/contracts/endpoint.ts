/** Where a service can be reached: what resolvers find, and what load balancers choose from. */

/** One place to connect to. */
export type Address = TcpAddress | UnixAddress

/** A host, by its IP address or (for targets that are not resolved) its name, and a port. */
export interface TcpAddress {
  readonly host: string
  /** From 1 to 65,535. */
  readonly port: number
}

/** Whether a port can be connected to. */
export function isPort(port: unknown): boolean {
  return Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535
}

/** A Unix domain socket. */
export interface UnixAddress {
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

/** An address as text, equal for equal addresses: `10.0.0.1:80`, `[::1]:80`, `unix:/run/app.sock`. */
export function addressText(address: Address): string {
  if ('path' in address) {
    return address.path.startsWith('\0') ? `unix-abstract:${address.path.slice(1)}` : `unix:${address.path}`
  }
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
