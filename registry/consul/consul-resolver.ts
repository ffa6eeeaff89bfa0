/** `consul:[//agent]/service[?tag=...]`: the instances of a service in Consul that pass their checks. */
import type { Endpoint } from '../../client/node/contracts/endpoint.ts'
import type { ResolverContext, ResolverFactory, Target } from '../../client/node/contracts/resolver.ts'
import { authorityOf } from '../../client/node/resolver/authority-of.ts'
import { checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import { RegistryResolver } from '../resolver/registry-resolver.ts'
import { Pace } from '../time/pace.ts'
import { ConsulApi } from './consul-api.ts'
import { assertMs, CONSUL_KINDS, CONSUL_NESTED, type ConsulOptions, normalizeConsulOptions } from './consul-options.ts'
import { type ConsulTarget, parseConsulTarget } from './consul-target.ts'
import { readHealth } from './read-health.ts'

/** Options of `consulResolver`. */
export interface ConsulResolverOptions extends ConsulOptions {
  /** The datacenter. `dc` in a target takes precedence. Default: that of the agent. */
  readonly datacenter?: string
  /** Only instances that have all of these tags; those in a target are added. Default: none. */
  readonly tags?: readonly string[]
  /** Whether any server may answer, also one that does not reach the leader: more available, and usually a moment behind. Default false. */
  readonly allowStale?: boolean
  /** How long the agent holds a request until something changes, in milliseconds, from 1,000 to 600,000. Default 55,000. */
  readonly waitMs?: number
}

/** Also the time that proxies usually allow. */
const DEFAULT_WAIT_MS = 55_000

/**
 * The wait of a request that was held back. An agent that has lost its data meanwhile counts from the start again, and would hold a request
 * for a change after an index that it reaches much later.
 */
const LATE_WAIT_MS = 2_000

/** The time that an answer may take beyond the wait. */
const MARGIN_MS = 10_000

const SHAPE: OptionShape = {
  kinds: {
    ...CONSUL_KINDS,
    datacenter: ['string'],
    tags: ['array'],
    allowStale: ['boolean'],
    waitMs: ['number'],
  } satisfies OptionKinds<ConsulResolverOptions>,
  nested: CONSUL_NESTED,
}

/**
 * Creates the resolver for `consul`. Weights, and the metadata of instances such as `zone` and `version`, become attributes of endpoints.
 * The authority is the name of the service. While Consul cannot be reached, or has no passing instance, the last list stays in effect.
 *
 * @throws RangeError for an invalid option
 */
export function consulResolver(options: ConsulResolverOptions = {}): ResolverFactory {
  checkOptions('consulResolver', options, SHAPE)
  const { datacenter, tags = [], allowStale = false, waitMs = DEFAULT_WAIT_MS } = options
  const access = normalizeConsulOptions('consulResolver', options)
  assertMs('consulResolver: waitMs', waitMs, 1_000, 600_000)
  return Object.freeze({
    scheme: 'consul',
    defaultAuthority: (target: Target) => authorityOf(parseConsulTarget(target, access.baseUrl).service),
    create(target, context) {
      const { service, baseUrl, ...found } = parseConsulTarget(target, access.baseUrl)
      const query: Query = {
        service,
        tags: [...tags, ...found.tags],
        datacenter: found.datacenter ?? datacenter,
        allowStale,
        waitMs,
      }
      const api = new ConsulApi({ ...access, baseUrl }, context.clock)
      return new RegistryResolver(context, {
        subject: `${service} in consul`,
        watch: (onEndpoints, signal) => watch({ api, query, context, signal }, onEndpoints),
      })
    },
  } satisfies ResolverFactory)
}

interface Query extends Omit<ConsulTarget, 'baseUrl'> {
  readonly allowStale: boolean
  readonly waitMs: number
}

interface Watch {
  readonly api: ConsulApi
  readonly query: Query
  readonly context: ResolverContext
  readonly signal: AbortSignal
}

/** Asks again after each answer, which the agent holds until something has changed since the index (Blocking Queries). */
async function watch(parts: Watch, onEndpoints: (endpoints: readonly Endpoint[]) => void): Promise<void> {
  const { context, signal } = parts
  const pace = new Pace(context.clock)
  let index = 0n
  while (!signal.aborted) {
    const isLate = await pace.turn(signal)
    const answer = await ask(parts, index, isLate ? Math.min(LATE_WAIT_MS, parts.query.waitMs) : parts.query.waitMs)
    // An answer may be the same as before: the wait is over, or another service has changed.
    onEndpoints(answer.endpoints)
    index = nextIndex(index, answer.index)
  }
}

/**
 * Returns the index to wait for. One that goes back comes from a server that was restored or has started anew: the next request must not
 * wait, or could miss all changes until then. An index of 0 would not wait at all, so it counts as 1.
 */
function nextIndex(last: bigint, found: bigint): bigint {
  if (found < last) return 0n
  return found === 0n ? 1n : found
}

interface Answer {
  readonly endpoints: Endpoint[]
  readonly index: bigint
}

async function ask({ api, query, signal }: Watch, index: bigint, waitMs: number): Promise<Answer> {
  const { service, tags, datacenter, allowStale } = query
  const parameters: [name: string, value: string][] = [['passing', '1']]
  if (datacenter !== undefined) parameters.push(['dc', datacenter])
  if (allowStale) parameters.push(['stale', ''])
  for (const tag of tags) parameters.push(['tag', tag])
  if (index > 0n) parameters.push(['index', `${index}`], ['wait', `${waitMs}ms`])
  const { head, text } = await api.send({
    method: 'GET',
    path: `health/service/${encodeURIComponent(service)}`,
    query: parameters,
    // Agents wait up to a sixteenth longer, so that clients do not ask in step.
    timeoutMs: waitMs + waitMs / 16 + MARGIN_MS,
    signal,
  })
  return { endpoints: readHealth(text), index: readIndex(head.headers['x-consul-index']) }
}

function readIndex(text: string | string[] | undefined): bigint {
  if (typeof text === 'string' && /^\d{1,20}$/.test(text)) return BigInt(text)
  throw new Error('the response has no valid X-Consul-Index: is the address that of a Consul agent?')
}
