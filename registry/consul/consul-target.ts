/** Parses targets of Consul: `consul://127.0.0.1:8500/greeter?tag=v2`. */
import type { Target } from '../../client/node/contracts/resolver.ts'
import { assertNoCredentials } from '../resolver/registry-target.ts'

/** Parts separated by `/`. */
const SERVICE = /^[^/]+(?:\/[^/]+)*$/

/** What a target says. */
export interface ConsulTarget {
  readonly service: string
  /** The agent: that of the target, else that of the options. */
  readonly baseUrl: URL
  readonly tags: readonly string[]
  readonly datacenter: string | undefined
}

/**
 * Parses a target: the agent as host and port, the service, and the parameters `tag`, which may be repeated, and `dc`.
 *
 * @param defaultUrl the agent of the options, whose protocol also applies to one in the target
 * @throws RangeError for an invalid target
 */
export function parseConsulTarget(target: Target, defaultUrl: URL): ConsulTarget {
  assertNoCredentials(target)
  const { authority, endpoint } = target
  const [path = '', ...searches] = endpoint.split('?')
  const service = decode(path)
  if (!SERVICE.test(service) || searches.length > 1) throw invalid(authority, endpoint)
  const parameters = new URLSearchParams(searches[0] ?? '')
  for (const name of parameters.keys()) {
    if (name !== 'tag' && name !== 'dc')
      throw new RangeError(`the parameter "${name}" of the target is unknown: use tag or dc`)
  }
  return {
    service,
    baseUrl: authority === '' ? defaultUrl : agentUrl(authority, endpoint, defaultUrl),
    tags: parameters.getAll('tag'),
    datacenter: parameters.get('dc') ?? undefined,
  }
}

function agentUrl(authority: string, endpoint: string, { protocol }: URL): URL {
  const text = `${protocol}//${authority}`
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || url.pathname !== '/' || url.search !== '' || url.hash !== '') throw invalid(authority, endpoint)
  if (url.port === '' && !/:\d+$/.test(authority)) url.port = protocol === 'https:' ? '8501' : '8500'
  return url
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

function invalid(authority: string, endpoint: string): RangeError {
  const form = 'consul:///greeter or consul://127.0.0.1:8500/greeter?tag=v2'
  return new RangeError(`the service is "${authority}/${endpoint}": the target must have the form ${form}`)
}
