/** Load from nghttp2's h2load, which is cheap enough to show the server and not itself. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runLoad } from './cores.ts'
import type { Exchange } from './exchange.ts'

/** The calls or messages completed, and the time they took. */
export interface LoadResult {
  readonly operations: number
  readonly seconds: number
}

/** What h2load counts. */
export interface H2loadResult extends LoadResult {
  /** The bytes of all replies, including those incomplete at the end of the time. */
  readonly dataBytes: number
}

/** How much load. */
export interface H2loadOptions {
  readonly exchange: Exchange
  /** host:port. */
  readonly address: string
  readonly connections: number
  /** Open calls on each connection. With HTTP/1.1 it is 1. */
  readonly streams: number
  readonly seconds: number
  /** Where the body of the request is put. */
  readonly folder: string
  /** Paths that take turns, in place of that of the exchange. Their replies are as long as its reply. */
  readonly paths?: readonly string[]
}

/**
 * Makes the same call again and again.
 *
 * @throws Error when any call fails or the replies are shorter than the right one
 */
export async function h2load(options: H2loadOptions): Promise<H2loadResult> {
  const { exchange, address, connections, streams, seconds, folder, paths } = options
  const body = path.join(folder, 'request')
  if (exchange.request !== null) await writeFile(body, exchange.request)
  const args = [
    ...['-D', `${Math.round(seconds * 1_000)}ms`, '-t', '1', '-c', String(connections), '-m', String(streams)],
    ...Object.entries(exchange.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    ...(exchange.http1 ? ['--h1'] : []),
    ...(exchange.request === null ? [] : ['-d', body]),
    ...(paths === undefined ? [`http://${address}${exchange.path}`] : ['-i', await writeUrls(options, paths)]),
  ]
  return readH2load(await runLoad({ program: 'h2load', args }, seconds), exchange.reply.length)
}

async function writeUrls({ address, folder }: H2loadOptions, paths: readonly string[]): Promise<string> {
  const file = path.join(folder, 'urls')
  await writeFile(file, paths.map((each) => `http://${address}${each}\n`).join(''))
  return file
}

/**
 * Reads h2load's report.
 *
 * @param replyBytes the body of a right reply: gRPC errors have status 200 too, but no body
 */
export function readH2load(report: string, replyBytes: number): H2loadResult {
  const [duration, unit] = read(report, /^finished in ([\d.]+)(m?s)/m)
  const [succeeded, ...faults] = read(report, /(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/)
  const refused = read(report, /^status codes: .* (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/m)
  const dataBytes = Number(read(report, /\((\d+)\) data$/m)[0])
  const operations = Number(succeeded)
  if ([...faults, ...refused].some((count) => count !== '0')) throw new Error(`calls failed:\n${report}`)
  if (dataBytes < operations * replyBytes) {
    throw new Error(`replies are too short, so calls failed:\n${report}`)
  }
  return { operations, seconds: Number(duration) / (unit === 'ms' ? 1_000 : 1), dataBytes }
}

function read(report: string, pattern: RegExp): readonly string[] {
  const found = pattern.exec(report)
  if (found === null) throw new Error(`h2load says nothing of ${pattern}:\n${report}`)
  return found.slice(1)
}
