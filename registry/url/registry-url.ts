/** URLs that name a registry and a service in it: `etcd://user:password@10.0.0.5:2379,10.0.0.6:2379/greeter?weight=2&zone=a`. */
import type { InstanceMetadata } from '../contracts/registrar.ts'

/** The parts of a URL, decoded. */
export interface RegistryUrl {
  /** In lower case: `etcd`. */
  readonly scheme: string
  /** `host:port` or `host` each; empty for the default of the registry. */
  readonly hosts: readonly string[]
  /** Undefined if the URL has no credentials. */
  readonly username: string | undefined
  readonly password: string | undefined
  /** The path, without its leading slash. */
  readonly service: string
  /** Of the query: `weight`, `zone` and `version`. */
  readonly metadata: InstanceMetadata
  /** The other parameters of the query, which each registry defines. */
  readonly parameters: ReadonlyMap<string, string>
}

/** Host names are separated by commas, which URL does not parse. */
const FORM = /^([a-z][a-z\d+.-]*):\/\/(?:([^@/?#]*)@)?([^@/?#]*)\/([^?#]+)(?:\?([^#]*))?$/i

const METADATA: ReadonlySet<string> = new Set(['weight', 'zone', 'version'])

/**
 * Parses a URL.
 *
 * @throws RangeError that does not show the URL, as it may have a password
 */
export function parseRegistryUrl(text: string): RegistryUrl {
  const [, scheme, userInfo, hosts = '', service = '', query = ''] = FORM.exec(text) ?? []
  if (scheme === undefined) throw new RangeError('a registry must have the form etcd://host:port/service')
  const [username, ...password] = userInfo?.split(':') ?? []
  const parameters = [...new URLSearchParams(query)]
  return Object.freeze({
    scheme: scheme.toLowerCase(),
    hosts: hosts === '' ? [] : hosts.split(','),
    username: username && decode(username),
    password: username && decode(password.join(':')),
    service: decode(service),
    metadata: metadataOf(parameters.filter(([name]) => METADATA.has(name))),
    parameters: new Map(parameters.filter(([name]) => !METADATA.has(name))),
  })
}

/**
 * Returns the parameters of a URL by their names.
 *
 * @throws RangeError for a parameter that is not in `names`
 */
export function parametersOf<const Name extends string>(
  { scheme, parameters }: RegistryUrl,
  names: readonly Name[],
): { readonly [Each in Name]?: string } {
  const unknown = [...parameters.keys()].find((name) => !names.some((each) => each === name))
  if (unknown !== undefined) {
    throw new RangeError(
      `${scheme}: the parameter ${unknown} is unknown: use weight, zone, version, ${names.join(', ')}`,
    )
  }
  return Object.fromEntries(parameters) as { readonly [Each in Name]?: string }
}

function metadataOf(parameters: readonly (readonly [string, string])[]): InstanceMetadata {
  return Object.fromEntries(parameters.map(([name, value]) => [name, name === 'weight' ? Number(value) : value]))
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new RangeError('a registry has a "%" that is not part of a percent-encoded character', { cause })
  }
}
