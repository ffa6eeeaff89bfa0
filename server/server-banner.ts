/** The banner of a server that has started. */
import type { AddressInfo } from 'node:net'
import type { DescMethod } from '@bufbuild/protobuf'
import type { FastifyInstance } from 'fastify'
import { version } from '../wire/version.ts'
import { DEFAULT_CONSOLE_PATH } from './console/console-options.ts'
import { hasRoute } from './has-route.ts'
import { needsRest } from './rest/with-rest.ts'
import { programTitle, type ServeSettings } from './serve-options.ts'
import { bannerText } from './terminal/banner.ts'
import { paintFor, usesColor } from './terminal/paint.ts'
import type { RestCall } from './terminal/trial-lines.ts'

/** What has started. */
export interface StartedServer {
  readonly fastify: FastifyInstance
  readonly methods: readonly DescMethod[]
  /** Code, command line and environment together. */
  readonly options: ServeSettings
  /** When the first process of the server started, in milliseconds since 1970. */
  readonly startedAtMs: number
  /** How many processes answer calls. */
  readonly processes: number
}

/** The addresses of all interfaces are not ones to call. */
const WILDCARDS: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', 'localhost'],
  ['::', 'localhost'],
])

/** Returns what a person sees on a terminal. */
export async function serverBanner(started: StartedServer): Promise<string> {
  const { fastify, methods, options, startedAtMs, processes } = started
  const addresses = addressesOf(fastify, options)
  const [url = ''] = addresses.filter((address) => address.startsWith('http:')).concat(addresses)
  const { listen: { tls } = {}, servesHealth = true, servesReflection = true } = options
  const facts = {
    title: titleOf(options),
    startMs: performance.timeOrigin + performance.now() - startedAtMs,
    processes,
    addresses,
    url,
    methods,
    rest: await restCallsOf(methods, options.rest),
    hasPage: hasRoute(fastify, 'GET', '/'),
    consolePath: consolePathOf(options),
    hasHealth: servesHealth,
    hasReflection: servesReflection !== false,
    hasConnect: options.connect !== false,
    requiresVersion: options.requireConnectProtocolHeader === true,
    wantsCertificates: url.startsWith('https:') && (tls?.ca !== undefined || tls?.caFile !== undefined),
    program: programName(),
  }
  return bannerText(facts, paintFor(usesColor({ env: process.env, isTerminal: true })))
}

/** The first binding of each method that answers REST. */
async function restCallsOf(
  methods: readonly DescMethod[],
  rest: ServeSettings['rest'] = true,
): Promise<ReadonlyMap<DescMethod, RestCall>> {
  if (!needsRest(rest, methods)) return new Map()
  const { restCalls } = await import('./rest/rest-calls.ts')
  return restCalls(methods, typeof rest === 'object' ? rest : {})
}

function consolePathOf({ console = false }: ServeSettings): string | null {
  if (console === false) return null
  return `${(console === true ? undefined : console.path) ?? DEFAULT_CONSOLE_PATH}/`
}

function titleOf(settings: ServeSettings): string {
  const program = programTitle(settings)
  return `${program === undefined ? '' : `${program} on `}Portico ${version}`
}

/** Each address by its schemes: with TLS https, and http too if cleartext is allowed beside it. */
function addressesOf(fastify: FastifyInstance, { listen: { tls, allowsCleartext } = {} }: ServeSettings): string[] {
  const schemes = tls === undefined ? ['http'] : ['https', ...(allowsCleartext ? ['http'] : [])]
  const hosts = fastify.addresses().flatMap((address) => (typeof address === 'string' ? [] : [hostOf(address)]))
  return [...new Set(schemes.flatMap((scheme) => hosts.map((host) => `${scheme}://${host}`)))]
}

function hostOf({ address, port }: AddressInfo): string {
  const name = WILDCARDS.get(address) ?? (address.includes(':') ? `[${address}]` : address)
  return `${name}:${port}`
}

/** Only a checkout runs the sources: Node does not run TypeScript in node_modules. */
function programName(): string {
  const file: string | undefined = import.meta.url
  return file?.endsWith('.ts') ? 'node client' : 'npx portico'
}
