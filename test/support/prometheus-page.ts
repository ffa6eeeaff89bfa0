/** Reads a page of metrics as Prometheus does. */
import { type Exchanged, exchangeHttp1 } from './exchange.ts'

/** A page, by the lines of its samples: `name{labels}` and the value. */
export type Samples = ReadonlyMap<string, number>

/** Requests a page over HTTP/1.1. */
export function requestMetrics(
  origin: string,
  { path = '/metrics', method = 'GET', headers = {} }: Partial<Parameters<typeof exchangeHttp1>[1]> = {},
): Promise<Exchanged> {
  return exchangeHttp1(origin, { path, method, headers })
}

/** Requests a page and reads its samples. */
export async function readMetrics(origin: string, path = '/metrics'): Promise<Samples> {
  const { status, body } = await requestMetrics(origin, { path })
  if (status !== 200) throw new Error(`the page was answered with ${status}: ${body}`)
  return samplesOf(body.toString())
}

/** Reads the text format. */
export function samplesOf(page: string): Samples {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), Number(line.slice(at + 1))]
    }),
  )
}

/** The samples whose names begin in this way, without buckets. */
export function samplesWith(samples: Samples, prefix: string): Record<string, number> {
  return Object.fromEntries([...samples].filter(([line]) => line.startsWith(prefix) && !line.includes('_bucket{')))
}
