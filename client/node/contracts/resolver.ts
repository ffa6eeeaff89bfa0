/** The contracts between a channel and whatever finds the endpoints of a target. */
import type { ConnectError } from '@connectrpc/connect'
import type { Clock } from '../../../wire/http2/http2.ts'
import type { Attributes, Endpoint } from './endpoint.ts'

/** A kind of name, found by its scheme in a list that is given explicitly. */
export interface ResolverFactory {
  /** The scheme of its targets, without the colon and in lower case: `dns`. */
  readonly scheme: string
  /**
   * What requests name as `:authority` for this target, unless the channel says otherwise.
   *
   * @throws RangeError for a target that is none of this scheme
   */
  defaultAuthority(target: Target): string
  /**
   * Whether a server is to prove by its certificate that it is the host of its own address, rather than that of the authority.
   * Only for addresses that the application has written itself: those of a lookup could be anybody's. Default: false. Endpoints
   * may say otherwise by their `hostname`, and the options of the channel before all.
   */
  verifiesAddressHost?(target: Target): boolean
  /**
   * Makes a resolver; it begins to work with `start`.
   *
   * @throws RangeError for a target that is none of this scheme
   */
  create(target: Target, context: ResolverContext): Resolver
}

/** `scheme://authority/endpoint`, taken apart and not decoded (gRPC Name Resolution). */
export interface Target {
  /** In lower case. */
  readonly scheme: string
  /** Between `//` and the next `/`; empty where there is none. */
  readonly authority: string
  /** Whether there was a `//`: only by this does `unix:///run/app.sock` differ from `unix:run/app.sock`. */
  readonly hasAuthority: boolean
  /** What remains, without its leading slash where there was an authority or `//`. */
  readonly endpoint: string
}

/** What a resolver may use. */
export interface ResolverContext {
  /** Time and timers: the only ones that a resolver uses. */
  readonly clock: Clock
  /** A number from 0 to below 1. */
  readonly random: () => number
  /** Whether a service config would be heeded; if not, there is no need to look for one. */
  readonly usesServiceConfig: boolean
  /** Where to tell what was found: at any time from `start` to `close`, but not from within a method of the resolver. */
  readonly listener: ResolverListener
}

/** Watches one target. Made when a channel leaves IDLE, closed when it goes back or ends. */
export interface Resolver {
  /** Called once, first. */
  start(): void
  /** A connection was lost: look again as soon as it is decent. May be called often. */
  resolveNow(): void
  /** Ends everything that is under way; the listener hears nothing more. */
  close(): void
}

/** The channel. */
export interface ResolverListener {
  /** Returns null, or why the result is of no use: the resolver then behaves as after a failed lookup. */
  onResult(result: ResolverResult): ConnectError | null
}

/** What a lookup found. */
export interface ResolverResult {
  /** The endpoints, all of them; or why they cannot be told, where what was known before stays valid. */
  readonly endpoints: readonly Endpoint[] | ConnectError
  /** A service config as JSON, not checked; or why there is none that can be read. Absent: the target has none. */
  readonly serviceConfig?: ServiceConfigJson | ConnectError
  /** What holds for all endpoints. */
  readonly attributes?: Attributes
}

/** A service config as it came. */
export interface ServiceConfigJson {
  /** The value that JSON.parse gives. */
  readonly json: unknown
}
