/** Registers servers on a Consul agent, with a check that they must renew. */
import { readTls } from '../../client/node/tls/read-tls.ts'
import { checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import type { Registrar, ServiceInstance } from '../contracts/registrar.ts'
import { ApiError } from '../http/http-api.ts'
import { type RenewedEntry, RenewedRegistration } from '../registrar/renewed-registration.ts'
import { parametersOf, type RegistryUrl } from '../url/registry-url.ts'
import { withPort } from '../url/server-list.ts'
import { tlsOfUrl } from '../url/tls-of-url.ts'
import { ConsulApi, type ConsulRequest } from './consul-api.ts'
import { assertMs, CONSUL_KINDS, CONSUL_NESTED, type ConsulOptions, normalizeConsulOptions } from './consul-options.ts'

/** Options of `consulRegistrar`. */
export interface ConsulRegistrarOptions extends ConsulOptions {
  /** The tags of the instances. Default: none. */
  readonly tags?: readonly string[]
  /**
   * The time after which a server that does not renew its check gets no calls any more, in milliseconds, from 100 to 3,600,000. It renews
   * it three times as often. Default 15,000.
   */
  readonly ttlMs?: number
  /** The time after which Consul removes an instance whose check failed, in milliseconds, from 60,000 to 86,400,000. Default 300,000. */
  readonly deregisterAfterMs?: number
}

/** The greatest weight that Consul takes, which it also uses for DNS. */
const MAX_CONSUL_WEIGHT = 65_535

const SHAPE: OptionShape = {
  kinds: {
    ...CONSUL_KINDS,
    tags: ['array'],
    ttlMs: ['number'],
    deregisterAfterMs: ['number'],
  } satisfies OptionKinds<ConsulRegistrarOptions>,
  nested: CONSUL_NESTED,
}

/**
 * Creates the registrar for Consul. An agent that has lost an instance gets it again. While a server does not serve, its check is critical.
 *
 * @throws RangeError for an invalid option, or a file of `tls` that cannot be used
 */
export function consulRegistrar(options: ConsulRegistrarOptions = {}): Registrar {
  checkOptions('consulRegistrar', options, SHAPE)
  const { tags = [], ttlMs = 15_000, deregisterAfterMs = 300_000 } = options
  const access = normalizeConsulOptions('consulRegistrar', options)
  assertMs('consulRegistrar: ttlMs', ttlMs, 100, 3_600_000)
  assertMs('consulRegistrar: deregisterAfterMs', deregisterAfterMs, 60_000, 86_400_000)
  if (options.tls !== undefined) readTls(options.tls)
  return Object.freeze({
    name: 'consul',
    register(instance, context) {
      const api = new ConsulApi(access, context.clock)
      const entry = entryOf(api, instance, { tags, ttlMs, deregisterAfterMs })
      return new RenewedRegistration(entry, instance, context)
    },
  } satisfies Registrar)
}

const URL_PARAMETERS = ['tags', 'tokenFile', 'ttl', 'tls', 'ca', 'cert', 'key'] as const

/**
 * Creates the registrar of `consul://[host[:port]]/service?tags=TAG,TAG&tokenFile=PATH&ttl=SECONDS&tls=true&ca=PATH`.
 *
 * @throws RangeError for a parameter that is unknown or not valid, and for more than one agent
 */
export function consulRegistrarOfUrl(url: RegistryUrl): Registrar {
  const { hosts, username } = url
  const [agent] = hosts
  const { tags, tokenFile, ttl, ...parameters } = parametersOf(url, URL_PARAMETERS)
  if (hosts.length > 1) throw new RangeError('consul: there must be one agent, as each keeps its own instances')
  if (username !== undefined) throw new RangeError('consul: there are no users: use tokenFile')
  const tls = tlsOfUrl(url.scheme, parameters)
  return consulRegistrar({
    ...(agent !== undefined && {
      address: 'tls' in tls ? `https://${withPort(agent, '8501')}` : `http://${withPort(agent, '8500')}`,
    }),
    ...tls,
    ...(tags !== undefined && { tags: tags.split(',') }),
    ...(tokenFile !== undefined && { tokenFile }),
    ...(ttl !== undefined && { ttlMs: Number(ttl) * 1_000 }),
  })
}

interface EntryOptions {
  readonly tags: readonly string[]
  readonly ttlMs: number
  readonly deregisterAfterMs: number
}

function entryOf(api: ConsulApi, instance: ServiceInstance, options: EntryOptions): RenewedEntry {
  // An id must be unique in its agent, not only in its service.
  const id = `${instance.service}-${instance.id}`
  const put = async (request: Omit<ConsulRequest, 'method'>) => void (await api.send({ method: 'PUT', ...request }))
  return {
    registry: 'consul',
    renewMs: options.ttlMs / 3,
    put: (isServing, signal) =>
      put({
        path: 'agent/service/register',
        // Otherwise a check of an earlier registration would stay beside ours.
        query: [['replace-existing-checks', 'true']],
        json: { ...definitionOf(instance, options), ID: id, Check: checkOf(id, isServing, options) },
        signal,
      }),
    renew: (isServing, signal) =>
      put({
        path: `agent/check/update/${encodeURIComponent(checkIdOf(id))}`,
        json: { Status: statusOf(isServing) },
        signal,
      }),
    async remove(signal) {
      try {
        await put({ path: `agent/service/deregister/${encodeURIComponent(id)}`, signal })
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 404)) throw error
      }
    },
  }
}

function definitionOf({ service, host, port, isSecure, metadata }: ServiceInstance, { tags }: EntryOptions) {
  const facts = Object.entries({ ...metadata, ...(isSecure && { secure: 'true' }) })
  return {
    Name: service,
    Address: host,
    Port: port,
    Tags: tags,
    Meta: Object.fromEntries(facts.flatMap(([name, fact]) => (fact === undefined ? [] : [[name, String(fact)]]))),
    Weights: { Passing: Math.min(metadata.weight ?? 1, MAX_CONSUL_WEIGHT), Warning: 1 },
  }
}

function checkOf(id: string, isServing: boolean, { ttlMs, deregisterAfterMs }: EntryOptions) {
  return {
    CheckID: checkIdOf(id),
    Name: 'heartbeat',
    TTL: `${Math.round(ttlMs)}ms`,
    Status: statusOf(isServing),
    DeregisterCriticalServiceAfter: `${Math.round(deregisterAfterMs)}ms`,
  }
}

function checkIdOf(id: string): string {
  return `service:${id}`
}

function statusOf(isServing: boolean): string {
  return isServing ? 'passing' : 'critical'
}
