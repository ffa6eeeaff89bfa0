/** Reads environment variables into text by option. */
import { nearestName } from '../../wire/options/nearest-name.ts'
import { type OptionName, optionNames, optionTable } from './option-table.ts'

/** What the environment says, not yet looked at by value. */
export interface Environment {
  /** The text of each option whose variable is set. An empty one counts as not set, as deployment files write it. */
  readonly texts: ReadonlyMap<OptionName, string>
  /** What could not be understood, a sentence each. */
  readonly faults: readonly string[]
}

const PREFIX = 'PORTICO_'

/**
 * What Kubernetes puts into every container for a Service whose name starts with "portico": PORTICO_SERVICE_HOST,
 * PORTICO_PORT_8080_TCP_ADDR and the like. (Its PORTICO_PORT is told by its value, an address.)
 */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/
const SERVICE_LINK_ADDRESS = /^(tcp|udp|sctp):\/\//

/** Those of the client program, which is often used in the same shell. */
const CLIENT_VARIABLES: ReadonlySet<string> = new Set(['PORTICO_ADDRESS'])

/** Reads the variables of the option table. Any other that starts with PORTICO_ is a fault: it would do nothing. */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const texts = new Map<OptionName, string>()
  for (const name of optionNames) {
    const text = env[optionTable[name].env]
    if (text !== undefined && text !== '') texts.set(name, text)
  }
  const known = new Set<string>([...optionNames.map((name) => optionTable[name].env), ...CLIENT_VARIABLES])
  const unknown = Object.keys(env).filter((name) => name.startsWith(PREFIX) && !known.has(name))
  const faults = unknown.filter((name) => !isServiceLink(name, env[name] ?? '')).map(unknownVariable)
  return { texts, faults }
}

function isServiceLink(name: string, value: string): boolean {
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && SERVICE_LINK_ADDRESS.test(value))
}

/** Leaves the value out, which may be a secret, and the prefix out of the comparison, which some variables lack. */
function unknownVariable(name: string): string {
  const bareNames = new Map(optionNames.map((option) => [withoutPrefix(optionTable[option].env), option]))
  const nearest = bareNames.get(nearestName(withoutPrefix(name), [...bareNames.keys()]) ?? '')
  const hint = nearest === undefined ? '; --help lists them' : `; did you mean ${optionTable[nearest].env}?`
  return `${name}: no such environment variable${hint}`
}

function withoutPrefix(name: string): string {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name
}
