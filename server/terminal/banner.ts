/** What a server says on a terminal once it listens: where it is, what it serves, and how to try it. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { Paint } from './paint.ts'
import { type Trial, trialLines } from './trial-lines.ts'

/** What the banner shows. */
export interface BannerFacts extends Trial {
  /** What has started: `Portico 0.2.0`, or `shop 1.0.0 on Portico 0.2.0`. */
  readonly title: string
  /** From the start of the process until it listens. */
  readonly startMs: number
  /** How many processes answer calls. */
  readonly processes: number
  /** Base URLs, or the path of a Unix socket. */
  readonly addresses: readonly string[]
  /** Something answers `GET /`. */
  readonly hasPage: boolean
  /** Where the console is; null for none. */
  readonly consolePath: string | null
  readonly hasHealth: boolean
}

/** A terminal has 24 lines or more. */
const MAX_METHODS = 12

const KINDS: Readonly<Record<DescMethod['methodKind'], string>> = {
  unary: 'unary',
  server_streaming: 'server stream',
  client_streaming: 'client stream',
  bidi_streaming: 'bidirectional stream',
}

/** Returns the banner, with its last line break. */
export function bannerText(facts: BannerFacts, paint: Paint): string {
  const blocks = [
    [`${paint.bold(facts.title)} ${paint.dim(startLine(facts))}`],
    facts.addresses.map((address) => paint.cyan(address)),
    serviceLines(facts, paint),
    [`also: ${alsoServed(facts).join(', ')}`],
    trialLines(facts).map((line) => `${paint.dim('$')} ${line}`),
    [paint.dim('Ctrl-C drains')],
  ]
  const lines = blocks.filter(({ length }) => length > 0).flatMap((block) => ['', ...block.map((line) => `  ${line}`)])
  return `${lines.join('\n')}\n\n`
}

function startLine({ startMs, processes }: BannerFacts): string {
  return `ready in ${startMs.toFixed(0)} ms${processes === 1 ? '' : `, with ${processes} workers`}`
}

/** Services with their methods, until there are too many to read; the first service is never left out. */
function serviceLines({ methods, rest }: BannerFacts, paint: Paint): string[] {
  const shown = methods.slice(0, MAX_METHODS)
  const width = Math.max(0, ...shown.map(({ name }) => name.length))
  const kindWidth = Math.max(0, ...shown.map(({ methodKind }) => KINDS[methodKind].length))
  const describe = (method: DescMethod) => {
    const kind = KINDS[method.methodKind]
    const call = rest.get(method)
    return call === undefined ? kind : `${kind.padEnd(kindWidth)}  ${call.verb} ${call.template}`
  }
  const lines = [...servicesOf(shown)].flatMap(([typeName, own]) => [
    paint.bold(typeName),
    ...own.map((method) => `  ${method.name.padEnd(width)}  ${paint.dim(describe(method))}`),
  ])
  const left = methods.length - shown.length
  if (left === 0) return lines
  const services = servicesOf(methods).size - servicesOf(shown).size
  const among = services === 0 ? '' : `, ${services} more ${services === 1 ? 'service' : 'services'} among them`
  return [...lines, paint.dim(`and ${left} more ${left === 1 ? 'method' : 'methods'}${among}`)]
}

function servicesOf(methods: readonly DescMethod[]): Map<string, readonly DescMethod[]> {
  return Map.groupBy(methods, ({ parent }) => parent.typeName)
}

function alsoServed({ hasPage, consolePath, hasHealth, hasReflection }: BannerFacts): string[] {
  return [
    ...(hasPage ? ['a page at /'] : []),
    ...(consolePath === null ? [] : [`the console at ${consolePath}`]),
    ...(hasHealth ? ['health (grpc.health.v1)'] : []),
    ...(hasReflection ? ['reflection (v1, v1alpha)'] : []),
    'probes (/livez, /readyz)',
  ]
}
