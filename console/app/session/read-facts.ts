/** Reading `facts.json`. What answers there may be a proxy, or a server of another version, so nothing in it is taken as it is. */
import { CONSOLE_PROTOCOLS, type ConsoleFacts, type ConsoleScheme } from '../../../wire/console/console-facts.ts'

/**
 * Returns the facts.
 *
 * @throws Error if they are not those of a console's server, or name a place on another origin, which would receive the credentials
 */
export function readFacts(json: unknown): ConsoleFacts {
  const facts = recordOf(json)
  return {
    title: textOf(facts.title) || 'API',
    version: textOf(facts.version),
    prefix: facts.prefix === undefined || facts.prefix === '' ? '' : pathOf(facts.prefix, 'prefix'),
    protocols: CONSOLE_PROTOCOLS.filter((each) => Array.isArray(facts.protocols) && facts.protocols.includes(each)),
    needsCredentials: facts.needsCredentials === true,
    schemes: schemesOf(facts.schemes),
    descriptorsPath: pathOf(facts.descriptorsPath, 'descriptorsPath'),
    metricsPath: isNone(facts.metricsPath) ? null : pathOf(facts.metricsPath, 'metricsPath'),
    docsPath: isNone(facts.docsPath) ? null : pathOf(facts.docsPath, 'docsPath'),
    isDemo: facts.isDemo === true,
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('facts.json is no object')
  return { ...value }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isNone(value: unknown): boolean {
  return value === null || value === undefined
}

const ANY_ORIGIN = 'http://origin.invalid'

/** URLs have more ways to another origin than a scheme: `//host`, and `/\host`, in which browsers also skip line breaks. */
function pathOf(value: unknown, name: string): string {
  const isPath = typeof value === 'string' && value.startsWith('/') && URL.canParse(value, ANY_ORIGIN)
  if (!isPath || new URL(value, ANY_ORIGIN).origin !== ANY_ORIGIN) {
    throw new Error(`facts.json has ${name} ${JSON.stringify(value)}, which is no path of this server`)
  }
  return value
}

/** What the form needs are texts. Others, such as the flows of OAuth, are objects. */
function schemesOf(value: unknown): Readonly<Record<string, ConsoleScheme>> {
  if (isNone(value)) return {}
  const schemes = Object.entries(recordOf(value)).map(([name, scheme]): [string, ConsoleScheme] => {
    const texts = Object.entries(recordOf(scheme)).filter((entry): entry is [string, string] => {
      return typeof entry[1] === 'string'
    })
    return [name, { type: '', ...Object.fromEntries(texts) }]
  })
  return Object.fromEntries(schemes)
}
