/** Reads environment variables into one text per option. */
import { nearestName } from '../../wire/options/nearest-name.ts'
import type { OptionTable } from './option.ts'

/** What the environment says; values are not checked yet. */
export interface Environment {
  /** The text of each option whose variable is set. An empty variable counts as not set, as deployment files write it. */
  readonly texts: ReadonlyMap<string, string>
  /** One sentence per variable that was not understood. */
  readonly faults: readonly string[]
}

const PREFIX = 'PORTICO_'

/**
 * The variables that Kubernetes puts into every container for a Service whose name starts with "portico":
 * PORTICO_SERVICE_HOST, PORTICO_PORT_8080_TCP_ADDR and the like. (PORTICO_PORT itself is recognised by its value, an address.)
 */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/
const SERVICE_LINK_ADDRESS = /^(tcp|udp|sctp):\/\//

/** Variables of the client program and of create-portico, which are often used in the same shell. */
const OTHER_PROGRAMS: ReadonlySet<string> = new Set(['PORTICO_ADDRESS', 'PORTICO_PACKAGE'])

/** Reads the variables of the table. Any other variable that starts with PORTICO_ is a fault, as it would have no effect. */
export function readEnvironment(table: OptionTable, env: NodeJS.ProcessEnv): Environment {
  const texts = new Map<string, string>()
  const known = new Map(Object.entries(table).map(([name, option]) => [option.env, name]))
  for (const [variable, name] of known) {
    const text = env[variable]
    if (text !== undefined && text !== '') texts.set(name, text)
  }
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith(PREFIX) && !known.has(name) && !OTHER_PROGRAMS.has(name),
  )
  const faults = unknown
    .filter((name) => !isServiceLink(name, env[name] ?? ''))
    .map((name) => unknownVariable(name, [...known.keys()]))
  return { texts, faults }
}

function isServiceLink(name: string, value: string): boolean {
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && SERVICE_LINK_ADDRESS.test(value))
}

/** Leaves out the value, which may be a secret, and compares without the prefix, which some variables do not have. */
function unknownVariable(name: string, known: readonly string[]): string {
  const bareNames = new Map(known.map((variable) => [withoutPrefix(variable), variable]))
  const nearest = bareNames.get(nearestName(withoutPrefix(name), [...bareNames.keys()]) ?? '')
  const hint = nearest === undefined ? '; --help lists them' : `; did you mean ${nearest}?`
  return `${name}: no such environment variable${hint}`
}

function withoutPrefix(name: string): string {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name
}
